import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { root } from '../support/bundle.ts';
import { TestFolders } from '../support/folder.ts';

/** the user and the group that own nothing, on every Linux */
const nobody = 65_534;

describe('an ordinary user', () => {
  const folders = new TestFolders();

  after(folders.remove);

  it('runs volt up, and gets a verdict of the sample', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const folder = folders.make();
    chmodSync(folder, 0o755);
    const [seen, home] = [join(folder, 'checkout'), join(folder, 'home')];
    for (const path of [seen, home]) mkdirSync(path);
    chownSync(home, nobody, nobody);
    // seen at another place, the checkout may lie where only root can go
    const script =
      'mount --bind "$1" "$2" && cd "$3" && exec setpriv --reuid "$4" --regid "$4" --clear-groups env -i "PATH=$PATH" "HOME=$3" "$5" "$2/dist/cli.js" up --sample --once --port 0 --data "$3/data"';
    const args = ['--mount', 'sh', '-c', script, 'sh', root, seen, home, String(nobody), process.execPath];
    const { stdout } = await promisify(execFile)('unshare', args);
    expect(stdout).to.match(/✔ sample#1 main [0-9a-f]{7} passed in /);
  }).timeout(180_000);
});
