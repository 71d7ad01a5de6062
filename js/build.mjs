// Builds the pages: js/src/main.js and js/src/style.css become o2o_sim/show/static/o2o.js and o2o.css.
//
//   npm install --prefix js --no-package-lock     once, to get the two pinned packages
//   node js/build.mjs                             write the two files
//   node js/build.mjs --check                     exit 1 if they are not what the sources make
//
// The result depends on the sources and the pinned packages alone, so that it can be committed and checked.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "o2o_sim", "show", "static");
const pinned = JSON.parse(await readFile(join(here, "package.json"), "utf8")).devDependencies;

/** Stop with a sentence that says what to do. */
function stop(message) {
  console.error(message);
  process.exit(1);
}

/** Another version would write other bytes. */
async function checkPackages() {
  for (const [name, wanted] of Object.entries(pinned)) {
    const found = await readFile(join(here, "node_modules", name, "package.json"), "utf8").then(
      (text) => JSON.parse(text).version,
      () => "none",
    );
    if (found !== wanted) {
      stop(`${name} ${wanted} is needed here, found ${found}: npm install --prefix js --no-package-lock`);
    }
  }
}

/** The licence that the charts' library asks to be kept with it. */
async function licence() {
  const text = await readFile(join(here, "node_modules", "uplot", "LICENSE"), "utf8");
  return `/*! uPlot ${pinned.uplot}\n${text.replace(/\r/g, "").trim().replaceAll("*/", "")}\n*/`;
}

/** The two files as bytes, by name. */
async function bundle() {
  const { build } = await import("esbuild");
  const text = await licence();
  const common = {
    absWorkingDir: here,
    bundle: true,
    charset: "utf8",
    footer: { js: text, css: text },
    legalComments: "eof",
    logLevel: "warning",
    minify: true,
    outdir: out,
    target: "es2022",
    write: false,
  };
  const parts = await Promise.all([
    build({ ...common, entryPoints: [{ in: "src/main.js", out: "o2o" }], format: "esm" }),
    build({ ...common, entryPoints: [{ in: "src/style.css", out: "o2o" }] }),
  ]).catch(() => stop("the pages could not be built"));
  return parts.flatMap((part) => part.outputFiles);
}

const check = process.argv.includes("--check");
const began = performance.now();
await checkPackages();
const stale = [];
for (const file of await bundle()) {
  const name = relative(join(here, ".."), file.path);
  if (check) {
    const now = await readFile(file.path).catch(() => Buffer.alloc(0));
    if (!now.equals(Buffer.from(file.contents))) stale.push(name);
  } else {
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
    console.log(`${name}  ${(file.contents.length / 1000).toFixed(1)} kB`);
  }
}
if (stale.length) stop(`not what js/src makes: ${stale.join(", ")}. Run: node js/build.mjs`);
console.log(`${check ? "checked" : "built"} in ${Math.round(performance.now() - began)} ms`);
