import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../git/command/git.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { shellWord } from '../../system/shell-word.ts';

export const sampleName = 'sample';

/** A small project whose tests need nothing but Node. */
const files: Readonly<{ [path: string]: string }> = {
  'package.json': `{
  "name": "sample",
  "version": "1.0.0",
  "private": true,
  "type": "module",
  "scripts": { "test": "node --test" }
}
`,
  'add.js': `export function add(a, b) {
  return a + b;
}
`,
  'add.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { add } from './add.js';

test('adds two numbers', () => {
  assert.equal(add(1, 2), 3);
});
`,
  'README.md': `# Sample

Volt made this repository as something to test. Change add.js, commit, and watch the build.
`,
};

/**
 * Makes the sample repository with one commit, unless it exists. It is made under another name and then renamed, so that
 * an interrupted start leaves no incomplete repository.
 * @throws VoltError `git_missing`, `git_failed`, `data_unwritable`
 */
export async function makeSample(folder: string): Promise<void> {
  if (existsSync(join(folder, '.git'))) return;
  const draft = `${folder}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(draft, name), text);
    await commitAll(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof VoltError) throw error;
    throw new VoltError('data_unwritable', `cannot make the sample repository ${folder}: ${errorText(error)}`, {
      remedy: `Let this user write there (${systemCode(error)}), or choose another data directory with --data.`,
      cause: error,
    });
  }
}

async function commitAll(folder: string): Promise<void> {
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  // in the repository's own settings: the person may not have set a name in git yet
  await git(folder, ['config', 'user.name', 'Volt sample']);
  await git(folder, ['config', 'user.email', 'sample@volt.invalid']);
  await git(folder, ['add', '--all']);
  // without the hooks and signatures that the user may have set up
  await git(folder, ['commit', '--quiet', '--no-verify', '--no-gpg-sign', '--message', 'Add numbers']);
}

/** Commands that make another commit in the sample. */
export function sampleLines(folder: string): string[] {
  return [`cd ${shellWord(folder)}`, 'echo "// a change" >> add.js', 'git commit --all --message "Try Volt"'];
}
