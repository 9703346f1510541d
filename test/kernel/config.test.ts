import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settings } from '../../src/kernel/config.ts';

describe('.env.example', () => {
  it('shows every setting that the configuration knows, and no other', () => {
    const text = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
    // A line is `VOLT_X=…`, or `# VOLT_X=…` for a setting that is left at its default.
    const shown = [...text.matchAll(/^(?:#\s*)?(VOLT_[A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(shown.sort()).to.deep.equal(settings.map(({ env }) => env).sort());
  });
});
