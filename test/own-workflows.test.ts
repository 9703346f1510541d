import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { volt } from './support/cli.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.github/workflows');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe("Volt's own workflows", () => {
  it('are valid according to volt validate', async () => {
    const { code, stdout } = await volt(['validate'], { cwd: root });
    expect(stdout).to.include(`${readdirSync(folder).length} workflows checked: no problems`);
    expect(code).to.equal(0);
  });

  it('test with the oldest supported Node and with the Node of the image', () => {
    const { node } = parse(read('test.yaml')).jobs.suite.strategy.matrix;
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const image = /NODE_IMAGE=node:(\d+)/.exec(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'))?.[1];
    expect(engines.node).to.match(new RegExp(`^>=${node[0]}\\.`));
    expect(node).to.include(image);
  });

  it('pin every action to a commit, with its version in a comment', () => {
    for (const name of readdirSync(folder)) {
      const used = read(name).match(/uses: .*/g) ?? [];
      expect(used, name).to.not.equal([]);
      for (const line of used) expect(line, name).to.match(/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('may only read the repository, unless a job lists more', () => {
    for (const name of readdirSync(folder))
      expect(parse(read(name)).permissions, name).to.deep.equal({ contents: 'read' });
  });
});
