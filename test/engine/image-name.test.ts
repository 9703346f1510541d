import { expect } from 'chai';
import { imageName } from '../../src/engine/image-name.ts';

describe('the name of an image', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const names = {
    node: 'docker.io/library/node:latest',
    'node:22': 'docker.io/library/node:22',
    'owner/name:v1': 'docker.io/owner/name:v1',
    'docker.io/node': 'docker.io/library/node:latest',
    'index.docker.io/library/node': 'docker.io/library/node:latest',
    'ghcr.io/owner/group/name': 'ghcr.io/owner/group/name:latest',
    'localhost/x': 'localhost/x:latest',
    'registry:5000/x': 'registry:5000/x:latest',
    'registry:5000/x:2': 'registry:5000/x:2',
    [`node@${digest}`]: `docker.io/library/node@${digest}`,
    [`node:22@${digest}`]: `docker.io/library/node@${digest}`,
  };
  for (const [name, full] of Object.entries(names)) {
    it(`is completed as Docker does: ${name}`, () => {
      expect(imageName(name).full).to.equal(full);
    });
  }
});
