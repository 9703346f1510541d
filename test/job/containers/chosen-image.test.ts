import { expect } from 'chai';
import { chooseImage } from '../../../src/job/containers/chosen-image.ts';
import { parseRunnerImages } from '../../../src/job/runner-images.ts';
import { VoltError } from '../../../src/kernel/errors.ts';

/** The code and message of the error that a call throws. */
function failure(call: () => unknown): { code: string; message: string } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof VoltError ? { code: error.code, message: error.message } : undefined;
  }
}

describe('the images of a runner', () => {
  it('are for all jobs, or for those that ask for a label', () => {
    const { usual, byLabel } = parseRunnerImages(['debian:13', 'Ubuntu-Latest=node:22', 'host:a=r.example:5000/x']);
    expect(usual).to.equal('debian:13');
    expect([...byLabel]).to.deep.equal([
      ['ubuntu-latest', 'node:22'],
      ['host:a', 'r.example:5000/x'],
    ]);
  });

  it('are refused where their name cannot be one, or two are given for the same jobs', () => {
    for (const [entries, message] of [
      [['Node:22'], /"Node:22" is not an image/],
      [['=node'], /names no label/],
      [['a b=node'], /not a valid label/],
      [['node', 'debian'], /two images are given for all jobs: node and debian/],
      [['a=node', 'a=debian'], /two images are given for the label a: node and debian/],
    ] as const)
      expect(failure(() => parseRunnerImages(entries))?.message).to.match(message);
    expect(parseRunnerImages(['node', 'node']).usual).to.equal('node');
  });
});

describe('the image of a job', () => {
  const byLabel = new Map([
    ['b', 'image-b'],
    ['a', 'image-a'],
  ]);
  const own = { name: 'own', why: 'it names it' };
  const named = (wish: Partial<Parameters<typeof chooseImage>[0]>, images?: Parameters<typeof chooseImage>[1]) =>
    chooseImage({ labels: [], ...wish }, images)?.name;

  it('is its own, else that of its first label with one, else that of the runner', () => {
    const images = { byLabel, usual: 'usual', isRequired: false };
    expect(named({ own, labels: ['a'] }, images)).to.equal('own');
    expect(named({ own, labels: ['a'] })).to.equal('own');
    expect(named({ labels: ['x', 'a', 'b'] }, images)).to.equal('image-a');
    expect(named({ labels: ['x'] }, images)).to.equal('usual');
    expect(named({})).to.equal(undefined);
    expect(named({ labels: ['x'] }, { byLabel, isRequired: false })).to.equal(undefined);
  });

  it('is that of the repository, for a workflow, only where the runner would use one for all jobs', () => {
    const repository = 'of-repository';
    expect(named({ repository }, { byLabel, isRequired: false })).to.equal(undefined);
    expect(named({ repository }, { byLabel, usual: 'usual', isRequired: false })).to.equal(repository);
    expect(named({ repository }, { byLabel, isRequired: true })).to.equal(repository);
    expect(named({ repository, labels: ['a'] }, { byLabel, isRequired: true })).to.equal('image-a');
  });

  it('must be named on a runner that runs each job in a container', () => {
    expect(failure(() => named({}, { byLabel, isRequired: true }))).to.include({ code: 'image_unavailable' });
  });
});
