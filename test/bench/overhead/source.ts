import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { TestRepository } from '../../support/repository.ts';

/** 100,000 lines of 100 bytes: 10 MB. */
const lines = 100_000;
/** The beginning of each line. */
const line = 'the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs, number';

/**
 * The test of every commit. It does nothing, or prints 10 MB if the commit says so. The numbers have six digits, so
 * that all lines have the same length.
 */
const test = `#!/bin/sh
if [ -s loud ]; then seq -f '${line} %.0f' 100001 ${100_000 + lines}; fi
`;

/** The same for an image with busybox, whose seq knows no format. */
export const busyboxTest = `#!/bin/sh
if [ -s loud ]; then awk 'BEGIN { for (i = 100001; i <= ${100_000 + lines}; i++) print "${line} " i }'; fi
`;

/** The output of the test of a loud commit. */
export function loudOutput(): string {
  return Array.from({ length: lines }, (_, index) => `${line} ${100_001 + index}\n`).join('');
}

/** A repository with commits prepared in advance, so that `push` only moves a branch. */
export class Source {
  readonly repository: TestRepository;
  #count = 0;

  private constructor(files: Record<string, string>) {
    this.repository = new TestRepository({ 'test.sh': test, loud: '', ...files });
  }

  /** Three files and one commit. @param files further ones, or others */
  static tiny(files: Record<string, string> = {}): Source {
    return new Source({ 'a.txt': 'a\n', ...files });
  }

  /** 2,000 files of 5 kB that do not compress, and a history of 20 MB. */
  static large(): Source {
    const files: Record<string, string> = {};
    for (let index = 0; index < 2000; index++) files[`src/${index % 40}/${index}.txt`] = noise(`${index}`, 5000);
    const source = new Source(files);
    for (let commit = 0; commit < 20; commit++) {
      const changed = Array.from({ length: 100 }, (_, index) => (commit * 100 + index) % 2000);
      source.prepare(
        Object.fromEntries(
          changed.map((index) => [`src/${index % 40}/${index}.txt`, noise(`${index} ${commit}`, 5000)]),
        ),
      );
      source.push();
    }
    source.repository.git('repack', '-adq');
    return source;
  }

  /**
   * Makes a commit on top of the branch, without moving the branch.
   * @returns its sha
   */
  prepare(files: Record<string, string> = {}): string {
    const message = `commit ${++this.#count}`;
    const changes = Object.entries({ 'a.txt': `${message}\n`, loud: '', ...files }).map(
      ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    );
    const head = `commit refs/prepared/next\ncommitter Ada <ada@example.com> ${Math.floor(Date.now() / 1000)} +0000\n`;
    const input = `${head}data ${message.length}\n${message}\nfrom refs/heads/main^0\n${changes.join('')}\n`;
    execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: this.repository.path, input });
    return this.repository.git('rev-parse', 'refs/prepared/next');
  }

  /** Moves the branch to the prepared commit. */
  push(): void {
    this.repository.git('update-ref', 'refs/heads/main', 'refs/prepared/next');
  }

  remove(): void {
    this.repository.remove();
  }
}

/** Text that does not compress, the same for the same seed. */
function noise(seed: string, length: number): string {
  let text = '';
  for (let part = 0; text.length < length; part++)
    text += `${createHash('sha512').update(`${seed} ${part}`).digest('base64')}\n`;
  return text.slice(0, length - 1).concat('\n');
}
