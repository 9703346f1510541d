import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { build } from '../src/build.mjs';
import { isBundleCurrent } from '../src/setup/bundle.mjs';

const run = promisify(execFile);

describe('npm run build', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'volt-build-'));
    write('package.json', '{"type":"module"}');
    write(
      'src/cli/main.ts',
      `import { word } from '../kernel/word.ts';\nconst { later } = await import('../kernel/later.ts');\nconsole.log(word, later);`,
    );
    write('src/kernel/word.ts', `export const word: string = 'one';`);
    write('src/kernel/later.ts', `export const later = 'later';`);
    write('workers/observer.ts', `import { word } from '../src/kernel/word.ts';\nconsole.log('observer', word);`);
    write('src/web/client/live.ts', 'document.title = `a`;');
    write('src/web/client/style.css', 'body {\n  color: red;\n}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const files = (): string[] => readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).sort();

  it('makes the volt program, one file for each worker, and the files for the browser', async () => {
    await build(root);
    expect((await run(join(root, 'dist/cli.js'))).stdout).to.equal('one later\n');
    expect((await run(process.execPath, [join(root, 'dist/workers/observer.js')])).stdout).to.equal('observer one\n');
    expect(statSync(join(root, 'dist/cli.js')).mode & 0o777).to.equal(0o755);
    expect(files()).to.include.members(['public/live.js', 'public/style.css']);
    expect(isBundleCurrent(root)).to.equal(true);
  });

  it('maps errors to the lines of the sources', async () => {
    write('src/cli/main.ts', `const a: number = 1;\n\nthrow new Error(String(a));`);
    await build(root);
    const failed = run(process.execPath, ['--enable-source-maps', join(root, 'dist/cli.js')]);
    const stderr = await failed.catch(({ stderr }) => stderr);
    expect(stderr).to.include('src/cli/main.ts:3:7');
  });

  it('keeps the previous build if the sources do not compile', async () => {
    await build(root);
    const before = files();
    write('src/cli/main.ts', 'const = 1;');
    const error = await build(root).catch((thrown) => thrown);
    expect(error).to.have.property('errors').with.lengthOf(1);
    expect(files()).to.deep.equal(before);
    expect((await run(join(root, 'dist/cli.js'))).stdout).to.equal('one later\n');
    expect(isBundleCurrent(root)).to.equal(false);
  });

  it('keeps the chunks of the previous build, which a running Volt may still import, but no older ones', async () => {
    await build(root);
    const first = files().filter((name) => name.startsWith('later-'));
    write('src/kernel/later.ts', `export const later = 'second';`);
    await build(root);
    for (const name of first) expect(existsSync(join(root, 'dist', name))).to.equal(true);
    write('src/kernel/later.ts', `export const later = 'third';`);
    await build(root);
    for (const name of first) expect(existsSync(join(root, 'dist', name))).to.equal(false);
    expect((await run(join(root, 'dist/cli.js'))).stdout).to.equal('one third\n');
  });

  it('keeps the previous build if the same sources are built twice', async () => {
    await build(root);
    const first = files();
    write('src/kernel/later.ts', `export const later = 'second';`);
    await build(root);
    await build(root);
    expect(files()).to.include.members(first);
  });

  it('can run twice at the same time', async () => {
    await Promise.all([build(root), build(root)]);
    expect((await run(join(root, 'dist/cli.js'))).stdout).to.equal('one later\n');
    expect(files().filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
    expect(JSON.parse(readFileSync(join(root, 'dist/build.json'), 'utf8'))).to.have.property('previous');
  });
});
