// Prints raw, gzip and brotli bytes of what a first visit to the page in argv[2] downloads.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = process.argv[2];

// A visit to the page loads no embed, and the other way round; no document, nor what is published
// beside the documents; not the module for programs; a lesson when it is opened.
const skipped =
  /^embed\.|^faultline-wasm|^scenarios\/|LICENSE|^(?!index).*\.html$|\.schema\.json$|^pictures\//;

const names = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"))
  .filter((name) => !skipped.test(name))
  .sort();

let all = [0, 0, 0];

function line(name, sizes) {
  console.log(name.padEnd(32) + sizes.map((size) => String(size).padStart(10)).join(""));
}

console.log("bytes".padEnd(32) + ["raw", "gzip", "brotli"].map((head) => head.padStart(10)).join(""));
for (const name of names) {
  const bytes = readFileSync(join(dist, name));
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length];
  line(name, sizes);
  all = all.map((size, ix) => size + sizes[ix]);
}
line("in all", all);
