// Builds the pages into dist/: assets with the hash of their contents in their names, each also compressed, and of each
// page one HTML file for each language.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const PAGES = ["guest", "organiser"];
const LANGUAGES = ["en", "fr"];
// Safari 15 and its contemporaries; src/boot.js sends older browsers to src/old.js.
const TARGET = ["safari15", "chrome92", "firefox90"];
const ASSETS = "dist/assets";

const shared = { bundle: true, minify: true, write: false, legalComments: "none", logLevel: "warning" };
const named = {};
const preloads = {};

async function emit(name, extension, contents) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 10);
  const file = `${name}-${hash}.${extension}`;
  await writeFile(`${ASSETS}/${file}`, contents);
  named[`${name}.${extension}`] = file;
}

async function buildScripts(language) {
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: Object.fromEntries(PAGES.map((page) => [`${page}.${language}`, `src/${page}/main.tsx`])),
    alias: { "#text": `./src/text/${language}.ts`, "#words": `./src/text/organiser/${language}.ts` },
    jsx: "automatic",
    jsxImportSource: "preact",
    format: "esm",
    splitting: true,
    target: TARGET,
    outdir: ASSETS,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    metafile: true,
  });
  for (const file of outputFiles) await writeFile(file.path, file.contents);
  for (const page of PAGES) {
    const isEntry = ([, output]) => output.entryPoint === `src/${page}/main.tsx`;
    const [entry, { imports }] = Object.entries(metafile.outputs).find(isEntry);
    const first = [entry, ...imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path)];
    named[`${page}.${language}.js`] = entry.split("/").pop();
    preloads[`${page}.${language}`] = first
      .map((path) => `<link rel="modulepreload" href="{{root}}/assets/${path.split("/").pop()}">`)
      .join("\n");
  }
}

async function buildFile(entry, extension, options = {}) {
  const { outputFiles } = await build({ ...shared, entryPoints: [entry], ...options });
  await emit(entry.split("/").pop().split(".")[0], extension, outputFiles[0].contents);
}

async function compressAll() {
  for (const file of await readdir(ASSETS)) {
    const contents = await readFile(`${ASSETS}/${file}`);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    await writeFile(`${ASSETS}/${file}.br`, brotliCompressSync(contents, quality));
    await writeFile(`${ASSETS}/${file}.gz`, gzipSync(contents, { level: 9 }));
  }
}

async function buildPage(page, language) {
  const html = await readFile("src/page.html", "utf8");
  const { text, words } = await loadTexts(language);
  const own = page === "guest" ? text.page : words.page;
  const filled = html
    .replaceAll("{{language}}", language)
    .replace("{{preloads}}", preloads[`${page}.${language}`])
    .replaceAll(/{{text\.(\w+)}}/g, (_, key) => text.page[key])
    .replaceAll(/{{page\.(\w+)}}/g, (_, key) => own[key])
    .replaceAll("{{NAME.", `{{${page}.`);
  await writeFile(`dist/${page}.${language}.html`, linkAssets(filled, language));
}

/** Puts the names that the assets got into a page; `{{root}}` is the server's. */
function linkAssets(html, language) {
  return html.replaceAll(/{{([\w.-]+)}}/g, (mark, name) =>
    name === "root" ? mark : `{{root}}/assets/${named[name.replace("LANG", language)]}`,
  );
}

async function loadTexts(language) {
  const outfile = `build/text.${language}.mjs`;
  const contents = `export * from "./${language}.ts"; export * from "./organiser/${language}.ts";`;
  const stdin = { contents, resolveDir: "src/text" };
  await build({ stdin, bundle: true, format: "esm", outfile, logLevel: "warning" });
  return import(`./${outfile}`);
}

await rm("dist", { recursive: true, force: true });
await mkdir(ASSETS, { recursive: true });
for (const language of LANGUAGES) await buildScripts(language);
for (const page of PAGES) await buildFile(`src/style/${page}.css`, "css", { target: TARGET });
await buildFile("src/style/noscript.css", "css", { target: TARGET });
await buildFile("src/boot.js", "js", { target: "es5", format: "iife" });
await buildFile("src/old.js", "js", { target: "es5", format: "iife" });
await buildFile("src/docs.js", "js", { format: "iife", target: TARGET });
for (const extension of ["js", "css"]) {
  const source = extension === "js" ? "swagger-ui-bundle.js" : "swagger-ui.css";
  await emit("swagger-ui", extension, await readFile(`node_modules/swagger-ui-dist/${source}`));
}
await emit("icon", "svg", await readFile("src/icon.svg"));
await compressAll();
for (const page of PAGES) for (const language of LANGUAGES) await buildPage(page, language);
await writeFile("dist/docs.html", linkAssets(await readFile("src/docs.html", "utf8"), "en"));
