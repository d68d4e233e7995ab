/**
 * Bundles the page, opens it in Chromium and takes a picture of each job.
 *
 *   node draw.mjs PACKAGES CHROMIUM JOBS.json
 *
 * PACKAGES holds the `node_modules` of package.json; JOBS.json is a list of {file, picture}. Nothing is fetched: the
 * page comes from memory, its icons from the packages. An error on the page ends this with code 1.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [packages, chromiumPath, jobsFile] = process.argv.slice(2);
const load = createRequire(join(packages, 'package.json'));
const esbuild = load('esbuild');
const { chromium } = load('playwright-core');
const upng = load('upng-js');

const HERE = dirname(fileURLToPath(import.meta.url));
const ORIGIN = 'http://pictures.invalid/';
const ICONS = join(packages, 'node_modules/@grafana/ui/dist/public/img/icons/');
const COLORS = 128;
const SETTLE_MS = 1500;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--font-render-hinting=none'];

const script = await bundle();
const browser = await chromium.launch({ executablePath: chromiumPath, args: FLAGS });
try {
  for (const { file, picture } of JSON.parse(readFileSync(jobsFile, 'utf8'))) {
    writeFileSync(file, smaller(await draw(browser, picture)));
  }
} finally {
  await browser.close();
}

async function bundle() {
  const built = await esbuild.build({
    entryPoints: [join(HERE, 'page.tsx')],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    minify: true,
    jsx: 'automatic',
    nodePaths: [join(packages, 'node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff2': 'dataurl', '.woff': 'empty', '.ttf': 'empty' },
    logLevel: 'error',
  });
  const text = (ending) => built.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
  return { js: text('.js'), css: text('.css') };
}

async function draw(browser, picture) {
  const page = await browser.newPage({ viewport: { width: picture.width, height: 800 }, timezoneId: 'UTC' });
  const failed = new Promise((_, reject) => page.on('pageerror', reject));
  await page.route(`${ORIGIN}**`, answer);
  await page.goto(ORIGIN);
  await page.evaluate((given) => window.drawPicture(given), picture);
  await Promise.race([settled(page), failed]);
  const shot = await page.locator('#picture').screenshot();
  await page.close();
  return shot;
}

async function settled(page) {
  await page.waitForSelector('#picture [data-testid]');
  await page.waitForTimeout(SETTLE_MS);
}

function answer(route) {
  const path = new URL(route.request().url()).pathname;
  const icon = path.split('build/img/icons/')[1];
  if (icon) {
    return route.fulfill({ contentType: 'image/svg+xml', body: readFileSync(join(ICONS, icon)) });
  }
  if (path === '/page.js') {
    return route.fulfill({ contentType: 'text/javascript', body: script.js });
  }
  const head = `<meta charset="utf-8"><style>${script.css} body { margin: 0 }</style>`;
  const body = `<div id="root"></div><script src="page.js"></script>`;
  return route.fulfill({ contentType: 'text/html', body: `<!doctype html>${head}${body}` });
}

/** A palette of few colours is enough for charts, and a quarter of the bytes. */
function smaller(png) {
  const image = upng.decode(png);
  return Buffer.from(upng.encode(upng.toRGBA8(image), image.width, image.height, COLORS));
}
