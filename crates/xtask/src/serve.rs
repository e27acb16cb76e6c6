//! A small static file server for development: loopback only, one thread per connection.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

const PORT_DEFAULT: u16 = 8080;
const REQUEST_BYTES_MAX: u64 = 16 * 1024;
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Listens on the port asked for; without one on the usual port, or a free one if that is taken.
pub(crate) fn listen(port: Option<u16>) -> Result<TcpListener> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => bind(port).with_context(|| format!("port {port} is not free")),
        None => bind(PORT_DEFAULT)
            .or_else(|_| bind(0))
            .context("no free port"),
    }
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
    fn a_base_has_slashes_at_both_ends() {
        for base in ["some/path", "/some/path/", "/some/path"] {
            assert_eq!(normal_base(base).unwrap(), "/some/path/");
        }
        assert_eq!(normal_base("").unwrap(), "/");
    }
}
