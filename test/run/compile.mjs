/**
 * Bundles all tests once, for the many runs of mocha of one `npm test`. Loading the sources costs each run two to three
 * seconds of processor time, and each process or thread that the tests start from the sources one more second.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { innerPrograms, NODE_BUNDLE } from '../../src/build.mjs';

/** Packages that read files of their own. */
const EXTERNAL = ['axe-core', 'esbuild', 'mocha', 'playwright-core', 'tsx', 'typescript'];

/**
 * What all runs of mocha share.
 * @typedef {object} Compiled
 * @property {string[]} args for mocha
 * @property {(file: string) => string} path of the bundled file of a test, relative to the checkout
 * @property {() => void} remove
 */

/**
 * Bundles the tests into a folder of node_modules/, where they find all packages.
 *
 * @param {string} root the checkout; its dist/ is up to date
 * @param {string[]} files the tests, relative to it
 * @returns {Promise<Compiled>}
 * @throws {esbuild.BuildFailure}
 */
export async function compileTests(root, files) {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'volt-tests-'));
  const config = JSON.parse(readFileSync(join(root, '.mocharc.json'), 'utf8'));
  /** @type {string[]} */
  const required = config.require.map((/** @type {string} */ name) => join(name));
  await esbuild.build({
    ...NODE_BUNDLE,
    entryPoints: [
      ...[...files, ...required].map((name) => ({ in: join(root, name), out: stem(name) })),
      ...innerPrograms(root),
    ],
    external: [...NODE_BUNDLE.external, ...EXTERNAL],
    absWorkingDir: root,
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [ownLocations(root, folder)],
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'dist', 'public'), join(folder, 'public'));
  /** @param {string} name */
  const path = (name) => join(relative(root, folder), `${stem(name)}.js`);
  const { 'node-option': _, ...rest } = config;
  const sourceMaps = join(folder, 'source-maps.js');
  writeFileSync(sourceMaps, 'process.setSourceMapsEnabled(true);');
  const compiled = { ...rest, require: [sourceMaps, ...required.map((name) => join(root, path(name)))] };
  writeFileSync(join(folder, 'mocharc.json'), JSON.stringify(compiled));
  return {
    args: ['--config', join(folder, 'mocharc.json')],
    path,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Tests find their fixtures beside their sources, and Volt finds its other programs in the bundle. Plain JavaScript is
 * not bundled: it finds the checkout by its own path.
 *
 * @param {string} root
 * @param {string} folder of the bundle
 * @returns {esbuild.Plugin}
 */
function ownLocations(root, folder) {
  return {
    name: 'own locations',
    setup(build) {
      build.onResolve({ filter: /^\..*\.[cm]js$/ }, ({ path, resolveDir }) =>
        resolveDir.includes('node_modules') ? undefined : { path: resolve(resolveDir, path), external: true },
      );
      build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        if (path.includes('node_modules') || !contents.includes('import.meta')) return undefined;
        const module = relative(root, path).startsWith('test') ? path : join(folder, 'module.js');
        const located = contents
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(module).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(module)));
        return { contents: located, loader: path.endsWith('x') ? 'tsx' : 'ts' };
      });
    },
  };
}

/** @param {string} name */
function stem(name) {
  return name.replace(/\.\w+$/, '');
}
