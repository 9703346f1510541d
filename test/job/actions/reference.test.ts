import { expect } from 'chai';
import { parseReference } from '../../../src/job/actions/reference.ts';
import { StepFault } from '../../../src/job/fault.ts';

describe('a reference to an action', () => {
  const remote = (repository: string, path: string, ref: string) => ({ kind: 'remote', repository, path, ref });
  for (const [uses, reference] of [
    ['actions/checkout@v4', remote('actions/checkout', '', 'v4')],
    ['acme/tools/setup/node@release/1', remote('acme/tools', 'setup/node', 'release/1')],
    ['acme/tools//x/@v1', remote('acme/tools', 'x', 'v1')],
    [`acme/a.b@${'a'.repeat(40)}`, remote('acme/a.b', '', 'a'.repeat(40))],
    ['acme/tools@a@b', remote('acme/tools', '', 'a@b')],
    ['./', { kind: 'local', path: '' }],
    ['docker://ghcr.io/acme/tool:3', { kind: 'image', image: 'ghcr.io/acme/tool:3' }],
    ['docker://alpine', { kind: 'image', image: 'docker.io/library/alpine:latest' }],
    ['./.github/actions/build', { kind: 'local', path: '.github/actions/build' }],
  ] as const) {
    it(`is ${uses}`, () => expect(parseReference(uses)).to.deep.equal(reference));
  }

  for (const uses of [
    '',
    'checkout@v4',
    'actions/checkout',
    'actions/checkout@',
    '../x',
    './../x',
    './a/../../x',
    'a/b/../c@v1',
    '-a/b@v1',
    'https://x/y@v1',
    'a/../b@v1',
    './.git/x',
  ]) {
    it(`is not ${uses}`, () => expect(() => parseReference(uses)).to.throw(StepFault, 'does not name an action'));
  }

  it('is refused if no image can have its name', () => {
    for (const uses of ['docker://', 'docker:///etc/passwd', 'docker://Alpine:'])
      expect(() => parseReference(uses), uses).to.throw(StepFault, 'is not an image');
  });
});
