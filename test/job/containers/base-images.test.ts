import { expect } from 'chai';
import { baseImages } from '../../../src/job/containers/base-images.ts';

describe('the images that a Dockerfile begins with', () => {
  it('are those that it writes out, each once, without its own stages', () => {
    const text = `# FROM comment
ARG VERSION=22
FROM --platform=linux/amd64 node:22 AS Build
RUN echo FROM nothing
from node:22
FROM build
FROM scratch
FROM node:$VERSION
FROM \\
  ghcr.io/acme/tool@sha256:${'a'.repeat(64)} \\
  AS last
FROM Not/AName
`;
    expect(baseImages(text)).to.deep.equal(['docker.io/library/node:22', `ghcr.io/acme/tool@sha256:${'a'.repeat(64)}`]);
    expect(baseImages('')).to.deep.equal([]);
  });
});
