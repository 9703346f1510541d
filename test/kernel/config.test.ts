import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pages } from '../../docs/pages.ts';
import { settings } from '../../src/kernel/settings.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

describe('.env.example', () => {
  it('has exactly the settings of the configuration', () => {
    // A line is `VOLT_X=…`, or `# VOLT_X=…` for a setting that is left at its default.
    const shown = [...read('.env.example').matchAll(/^(?:#\s*)?(VOLT_[A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(shown.sort()).to.deep.equal(settings.map(({ env }) => env).sort());
  });
});

describe('the generated pages', () => {
  for (const { file, text } of pages()) {
    it(`are up to date: ${file} (\`npm run docs\` writes them)`, () => {
      expect(read(file)).to.equal(text);
    });
  }
});
