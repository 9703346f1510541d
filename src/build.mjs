/**
 * `npm run build`: bundles the sources into dist/.
 *
 *   src/cli/main.ts       → dist/cli.js          the `volt` command
 *   workers/<stage>.ts    → dist/workers/<stage>.js
 *   src/dispatcher/planning-process.ts → dist/planning-process.js
 *   src/observer/startable-process.ts → dist/startable.js
 *   src/job/texts/process.ts → dist/texts.js
 *   src/web/summaries/process.ts → dist/summaries.js
 *   src/web/config-texts/process.ts → dist/config-texts.js
 *   src/web/logs/search-process.ts → dist/log-search.js
 *   src/engine/keeper/keeper-process.ts → dist/keeper.js
 *   src/redis/heartbeat/heartbeat-thread.ts → dist/heartbeat-thread.js
 *   src/runner/launcher/process.ts → dist/launcher.js
 *   src/exec/network/forwarder-process.ts → dist/forwarder.js
 *   src/web/client/*.ts   → dist/public/*.js     scripts for the browser
 *   src/web/client/*.css  → dist/public/*.css
 *
 * Volt may start, and another build may run, at any moment; a running Volt may still import a chunk of the previous build. So
 * everything is bundled in memory first. Then files are replaced one by one, each after those that it imports (the name of
 * a chunk has a hash of its content). The files of the previous build stay.
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { fingerprint, readManifest } from './setup/bundle.mjs';

/**
 * Packages left in node_modules: native ones, those that read their own files, and those that bullmq loads only for backends
 * that Volt does not use.
 */
const EXTERNAL = [
  'libsql',
  '@bull-board/api',
  '@bull-board/hono',
  '@bull-board/ui',
  'pg',
  'redis',
  'bullmq-otel',
  '@valkey/valkey-glide',
  'msgpackr-extract',
];

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have by itself. */
const REQUIRE = `import { createRequire as voltCreateRequire } from 'node:module'; const require = voltCreateRequire(import.meta.url);`;

/**
 * How what runs in Node is bundled.
 * @satisfies {esbuild.BuildOptions}
 */
export const NODE_BUNDLE = {
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // bullmq's ES modules leave out what Volt does not use
  mainFields: ['module', 'main'],
  external: EXTERNAL,
  plugins: [{ name: 'only-what-is-used', setup: leaveOutUnused }],
  banner: { js: REQUIRE },
};

/**
 * bullmq does not declare that its modules only define what they export, so that all of them would be bundled. Its backend for
 * PostgreSQL takes 0.6 MB of memory.
 * @param {esbuild.PluginBuild} build
 */
function leaveOutUnused(build) {
  build.onResolve({ filter: /^\./ }, async ({ path, pluginData, ...from }) => {
    if (pluginData === leaveOutUnused || !from.importer.includes('/node_modules/bullmq/')) return undefined;
    const resolved = await build.resolve(path, { ...from, pluginData: leaveOutUnused });
    return { ...resolved, sideEffects: false };
  });
}

const SHEBANG = '#!/usr/bin/env node\n';

/**
 * @param {string} root the checkout
 * @returns {Promise<void>}
 * @throws {esbuild.BuildFailure} dist/ is unchanged then
 */
export async function build(root) {
  // first: a source that changes during the build makes the result stale
  const source = fingerprint(root);
  const files = [...(await bundleServer(root)), ...(await bundleClient(root))];
  const names = files.map((file) => file.name);
  const last = readManifest(root);
  for (const file of files.sort((a, b) => rank(a.name) - rank(b.name)))
    put(join(root, 'dist', file.name), file.contents);
  const manifest = { source, files: names, previous: last?.source === source ? last.previous : (last?.files ?? []) };
  put(join(root, 'dist', 'build.json'), JSON.stringify(manifest));
  for (const name of last?.previous ?? []) {
    if (!names.includes(name) && !manifest.previous.includes(name)) rmSync(join(root, 'dist', name), { force: true });
  }
}

/**
 * @param {string} root
 * @returns {Promise<Output[]>}
 */
async function bundleServer(root) {
  const workers = sources(join(root, 'workers'), '.ts').map((name) => ({
    in: join(root, 'workers', name),
    out: `workers/${stem(name)}`,
  }));
  const outputs = await bundle(root, {
    entryPoints: [{ in: join(root, 'src/cli/main.ts'), out: 'cli' }, ...workers, ...innerPrograms(root)],
    ...NODE_BUNDLE,
    chunkNames: '[name]-[hash]',
    minifySyntax: true,
    // Node keeps the text of all code in memory, with two bytes a character where a comment has one that is not in Latin 1
    minifyWhitespace: true,
    // Node prints the line that an uncaught error comes from
    lineLimit: 200,
    sourcemap: 'linked',
    sourcesContent: false,
  });
  return withShebang(outputs);
}

/**
 * Main files of other processes and threads of Volt; they are looked for at the root of dist/.
 * @param {string} root
 */
export function innerPrograms(root) {
  const programs = [
    { in: join(root, 'src/dispatcher/planning-process.ts'), out: 'planning-process' },
    { in: join(root, 'src/observer/startable-process.ts'), out: 'startable' },
    { in: join(root, 'src/job/texts/process.ts'), out: 'texts' },
    { in: join(root, 'src/web/summaries/process.ts'), out: 'summaries' },
    { in: join(root, 'src/web/config-texts/process.ts'), out: 'config-texts' },
    { in: join(root, 'src/web/logs/search-process.ts'), out: 'log-search' },
    { in: join(root, 'src/engine/keeper/keeper-process.ts'), out: 'keeper' },
    { in: join(root, 'src/redis/heartbeat/heartbeat-thread.ts'), out: 'heartbeat-thread' },
    { in: join(root, 'src/runner/launcher/process.ts'), out: 'launcher' },
    { in: join(root, 'src/exec/network/forwarder-process.ts'), out: 'forwarder' },
  ];
  return programs.filter((program) => existsSync(program.in));
}

/**
 * @param {string} root
 * @returns {Promise<Output[]>}
 */
async function bundleClient(root) {
  const folder = join(root, 'src/web/client');
  const entries = [...sources(folder, '.ts'), ...sources(folder, '.css')];
  if (entries.length === 0) return [];
  return bundle(root, {
    entryPoints: entries.map((name) => ({ in: join(folder, name), out: `public/${stem(name)}` })),
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
  });
}

/**
 * @typedef {{ name: string, contents: string | Uint8Array<ArrayBufferLike> }} Output a path below dist/, and its content
 * @param {string} root
 * @param {esbuild.BuildOptions} options
 * @returns {Promise<Output[]>}
 */
async function bundle(root, options) {
  const dist = join(root, 'dist');
  const result = await esbuild.build({
    ...options,
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    write: false,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const outputs = result.outputFiles ?? [];
  return outputs.map(({ path, contents }) => ({ name: relative(dist, path), contents }));
}

/**
 * Makes dist/cli.js executable.
 * @param {Output[]} outputs
 * @returns {Output[]}
 */
function withShebang(outputs) {
  return outputs.map(({ name, contents }) => {
    const text = () => Buffer.from(contents).toString();
    if (name === 'cli.js') return { name, contents: SHEBANG + text() };
    // a semicolon in a source map is a line: that of the shebang
    if (name === 'cli.js.map') return { name, contents: text().replace('"mappings": "', '"mappings": ";') };
    return { name, contents };
  });
}

/**
 * The order of writing: imported files before those that import them.
 * @param {string} name
 */
function rank(name) {
  if (name.endsWith('.map') || name.startsWith('public/')) return 0;
  return name === 'cli.js' || name.startsWith('workers/') ? 2 : 1;
}

/**
 * @param {string} path
 * @param {string | Uint8Array} contents
 */
function put(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, contents, { mode: path.endsWith('cli.js') ? 0o755 : 0o644 });
  renameSync(draft, path);
}

/**
 * @param {string} folder
 * @param {string} extension
 */
function sources(folder, extension) {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(extension)) : [];
}

/** @param {string} name */
function stem(name) {
  return name.replace(/\.\w+$/, '');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    await build(root);
  } catch (error) {
    const errors =
      error instanceof Error && 'errors' in error ? /** @type {esbuild.Message[]} */ (error.errors) : undefined;
    const shown = errors && (await esbuild.formatMessages(errors, { kind: 'error', color: process.stderr.isTTY }));
    console.error(shown?.join('\n') ?? error);
    process.exitCode = 1;
  }
}
