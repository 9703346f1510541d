import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { version } from '../../src/kernel/version.ts';

describe('the version of Volt', () => {
  it('is that of the package', () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(version).to.equal(manifest.version);
  });
});
