import { expect } from 'chai';
import { isOfOwner } from '../../../src/git/access/owner.ts';

describe('the owner of a repository', () => {
  const table: [url: string, base: string, owner: string, is: boolean][] = [
    ['https://github.com/Acme/app.git', 'https://github.com', 'acme', true],
    ['https://github.com/acme/app', 'https://github.com/', 'ACME', true],
    ['git@github.com:acme/app.git', 'https://github.com', 'acme', true],
    ['ssh://git@github.com/acme/app.git', 'https://github.com', 'acme', true],
    ['https://github.com/acme-other/app', 'https://github.com', 'acme', false],
    ['https://github.com/other/acme/app', 'https://github.com', 'acme', false],
    ['https://gitlab.com/acme/app', 'https://github.com', 'acme', false],
    ['https://git.example:8443/x/acme/app', 'https://git.example:8443/x', 'acme', true],
    ['https://git.example:8443/acme/app', 'https://git.example:8443/x', 'acme', false],
    ['https://git.example/acme/app', 'https://git.example:8443', 'acme', false],
    ['/srv/git/acme/app', '/srv/git', 'acme', true],
    ['/srv/git/acme/../other/app', '/srv/git', 'acme', false],
    ['/srv/other/acme/app', '/srv/git', 'acme', false],
    ['/srv/git/acme/app', 'https://github.com', 'acme', false],
    ['https://github.com/acme/app', '/srv/git', 'acme', false],
  ];
  for (const [url, base, owner, is] of table) {
    it(`of ${url} is ${is ? '' : 'not '}${owner} of ${base}`, () => {
      expect(isOfOwner(url, base, owner)).to.equal(is);
    });
  }
});
