//! A small static file server for development: loopback only, one thread per connection.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

const PORT_DEFAULT: u16 = 8080;
/// How many ports are tried before giving up.
const PORTS_TRIED: u16 = 100;
const REQUEST_BYTES_MAX: u64 = 16 * 1024;
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Listens on the wanted port, or on the default port. If that port is in use, listens on the next
/// free one and prints which.
pub(crate) fn listen(wanted: Option<u16>) -> Result<TcpListener> {
    let wanted = wanted.unwrap_or(PORT_DEFAULT);
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let (port, listener) = next_free(wanted, bind)?;
    if port != wanted {
        println!("port {wanted} is in use; using port {port}");
    }
    Ok(listener)
}

/// The first port from `wanted` on that can be bound, and what `bind` made of it.
fn next_free<T>(wanted: u16, mut bind: impl FnMut(u16) -> io::Result<T>) -> Result<(u16, T)> {
    let last = wanted.saturating_add(PORTS_TRIED - 1);
    for port in wanted..=last {
        match bind(port) {
            Ok(bound) => return Ok((port, bound)),
            Err(error) if is_taken(port, error.kind()) => {}
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot listen on port {port}; choose another one with --port")
                });
            }
        }
    }
    bail!("the ports from {wanted} to {last} are all in use; choose another one with --port")
}

/// Windows denies ports that another program has reserved. Elsewhere only root may bind the ports
/// below 1024, and the next port would be denied as well.
fn is_taken(port: u16, error: io::ErrorKind) -> bool {
    error == io::ErrorKind::AddrInUse || (error == io::ErrorKind::PermissionDenied && port >= 1024)
}

/// `base` with a slash at both ends.
pub(crate) fn normal_base(base: &str) -> Result<String> {
    let inner = base.trim_matches('/');
    if inner.contains(['?', '#', ' ', '%']) {
        bail!("--base takes a plain path such as /some/path/");
    }
    Ok(match inner {
        "" => "/".to_string(),
        inner => format!("/{inner}/"),
    })
}

/// Serves `dist` under `base` until the process ends.
pub(crate) fn serve(listener: &TcpListener, dist: &Path, base: &str) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let (dist, base) = (dist.to_path_buf(), base.to_string());
        std::thread::spawn(move || {
            // A browser that hangs up early is not our error.
            let _ = answer(&stream, &dist, &base);
        });
    }
}

fn answer(mut stream: &TcpStream, dist: &Path, base: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(IDLE_MAX))?;
    stream.set_write_timeout(Some(IDLE_MAX))?;
    let mut reader = BufReader::new(stream.take(REQUEST_BYTES_MAX));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    // The headers say nothing we need; they are read so that closing does not reset the socket.
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let response = match method {
        "GET" | "HEAD" => respond(dist, base, target),
        _ => Response::text("405 Method Not Allowed", "only GET and HEAD\n"),
    };
    let mut head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n",
        response.status,
        response.mime,
        response.body.len()
    );
    if let Some(location) = response.location {
        head.push_str(&format!("Location: {location}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    if method == "GET" {
        stream.write_all(&response.body)?;
    }
    stream.flush()
}

struct Response {
    status: &'static str,
    mime: &'static str,
    location: Option<String>,
    body: Vec<u8>,
}

impl Response {
    fn text(status: &'static str, body: &str) -> Response {
        Response {
            status,
            mime: "text/plain; charset=utf-8",
            location: None,
            body: body.into(),
        }
    }
}

fn respond(dist: &Path, base: &str, target: &str) -> Response {
    let path = target.split(['?', '#']).next().unwrap_or("");
    if path != base && (path == "/" || format!("{path}/") == base) {
        return Response {
            location: Some(base.to_string()),
            ..Response::text("302 Found", "")
        };
    }
    let Some(inside) = path.strip_prefix(base) else {
        return Response::text("404 Not Found", "the page is elsewhere\n");
    };
    let Some(mut file) = file_in(dist, inside) else {
        return Response::text("400 Bad Request", "not a path inside the page\n");
    };
    if file.is_dir() {
        // Links of a page in a directory are relative to it, as any web server has it.
        if !path.ends_with('/') {
            return Response {
                location: Some(format!("{path}/")),
                ..Response::text("302 Found", "")
            };
        }
        file.push("index.html");
    }
    match fs::read(&file) {
        Ok(body) => Response {
            status: "200 OK",
            mime: mime(&file),
            location: None,
            body,
        },
        Err(_) => Response::text("404 Not Found", "no such file\n"),
    }
}

/// The file a path names, `None` if the path would leave `dist`.
fn file_in(dist: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decoded(path)?;
    if path.contains(['\0', '\\', ':']) {
        return None;
    }
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    let path = Path::new(&path);
    path.components().all(plain).then(|| dist.join(path))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::root;

    #[test]
    fn no_path_leaves_the_directory() {
        let dist = Path::new("/dist");
        assert_eq!(file_in(dist, "a/b.css"), Some("/dist/a/b.css".into()));
        assert_eq!(file_in(dist, ""), Some("/dist/".into()));
        for path in [
            "../x",
            "a/../../x",
            "%2e%2e/x",
            "/etc/passwd",
            "a%00",
            "%zz",
        ] {
            assert_eq!(file_in(dist, path), None, "{path}");
        }
    }

    #[test]
    fn a_directory_is_reached_with_a_slash() {
        let response = respond(&root().join("docs"), "/f/", "/f/pictures");
        assert_eq!(response.location.as_deref(), Some("/f/pictures/"));
        let response = respond(&root().join("docs"), "/f/", "/f/model.md");
        assert_eq!((response.status, response.location), ("200 OK", None));
    }

    #[test]
    fn the_next_free_port_is_taken() {
        let free_from = |first| {
            move |port| match port >= first {
                true => Ok(()),
                false => Err(io::ErrorKind::AddrInUse.into()),
            }
        };
        assert_eq!(next_free(8080, free_from(8080)).unwrap().0, 8080);
        assert_eq!(next_free(8080, free_from(8083)).unwrap().0, 8083);
        let message = next_free(8080, free_from(8180)).unwrap_err().to_string();
        assert!(
            message.starts_with("the ports from 8080 to 8179 are all in use"),
            "{message}"
        );
        let message = next_free(65_535, |_| Err::<(), _>(io::ErrorKind::AddrInUse.into()));
        assert!(message.unwrap_err().to_string().contains("65535"));
    }

    #[test]
    fn a_port_that_only_root_may_use_is_an_error() {
        let denied = |_| Err::<(), _>(io::ErrorKind::PermissionDenied.into());
        let message = next_free(80, denied).unwrap_err().to_string();
        assert_eq!(
            message,
            "cannot listen on port 80; choose another one with --port"
        );
        let reserved = |port| match port {
            8080 => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(()),
        };
        assert_eq!(next_free(8080, reserved).unwrap().0, 8081);
    }

    #[test]
    fn a_listener_moves_on_from_a_port_in_use() {
        let first = listen(Some(0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let second = listen(Some(port)).unwrap();
        assert!(second.local_addr().unwrap().port() > port);
    }

    #[test]
    fn a_base_has_slashes_at_both_ends() {
        for base in ["some/path", "/some/path/", "/some/path"] {
            assert_eq!(normal_base(base).unwrap(), "/some/path/");
        }
        assert_eq!(normal_base("").unwrap(), "/");
    }
}
