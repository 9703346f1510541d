import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createProgram } from '../src/cli/program.ts';
import { problemWith } from './support/documented-commands.ts';
import { readTree, type Tree } from './support/imports.ts';

const root = join(import.meta.dirname, '..');

/** A command line at the begin of a text, or between backticks in it; a quote, a pipe or a line break ends it. */
const commandLine = /[`"']volt ([^`"'|\\\n]*)/g;

/** Texts that begin with "volt" and are no commands: what keys and signatures are for, and titles of processes. */
const others = /^(box|stop notices|secrets key id|\d)( |$)|, process /;

describe('messages and remedies', () => {
  let tree: Tree;
  before(async () => {
    tree = await readTree(root);
  });

  function found(pattern: RegExp): { file: string; text: string }[] {
    return [...tree.code].flatMap(([file, code]) =>
      [...code.matchAll(pattern)].map((match) => ({ file, text: match[1] ?? match[0] })),
    );
  }

  it('name only commands and options that exist', () => {
    const program = createProgram();
    // what is inserted may be any word; a line that begins with such a word tells nothing
    const lines = found(commandLine)
      .map(({ file, text }) => ({ file, line: text.replace(/\$\{[^}]*\}?/g, 'NAME').trim() }))
      .filter(({ line }) => /^[a-z-]/.test(line) && !others.test(line));
    expect(lines.length).to.be.above(200);
    const wrong = lines.map(({ file, line }) => [`${file}: volt ${line}`, problemWith(program, line.split(/\s+/))]);
    expect(wrong.filter(([, problem]) => problem !== undefined)).to.deep.equal([]);
  });

  it('name only pages of the documentation that exist', () => {
    const pages = found(/\bdocs\/[a-z-]+\.md\b/g);
    expect(pages.length).to.be.above(20);
    expect(pages.filter(({ text }) => !existsSync(join(root, text)))).to.deep.equal([]);
  });
});
