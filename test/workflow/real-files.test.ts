import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readWorkflows } from '../../src/workflow/commit-workflows.ts';
import { formatDiagnostic } from '../../src/workflow/diagnostics.ts';
import { factsOf, PlannedBuild } from '../support/workflows.ts';

const folder = join(import.meta.dirname, 'files');

/** Workflow files of well-known projects, as they had them in 2025. */
const files = Object.fromEntries(
  readdirSync(folder).map((name) => [`.github/workflows/${name}`, readFileSync(join(folder, name), 'utf8')]),
);

/** A build of one of them on a push to the main branch; the others are there to be called. */
function pushed(name: string): PlannedBuild {
  const path = `.github/workflows/${name}.yml`;
  const { [path]: first = '', ...rest } = files;
  return new PlannedBuild({ [path]: first, ...rest }, factsOf());
}

const count = (build: PlannedBuild, status: string) =>
  Object.values(build.statuses).filter((one) => one === status).length;

describe('workflow files of well-known projects', () => {
  it('are read without errors', () => {
    const { diagnostics } = readWorkflows(Object.entries(files).map(([path, text]) => ({ path, text })));
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
  });

  it('express: runs the Linux jobs of a matrix of systems and versions', () => {
    const build = pushed('express');
    expect([count(build, 'queued'), count(build, 'skipped'), count(build, 'waiting')]).to.deep.equal([8, 7, 1]);
    const plan = build.plans['Test - Node.js 22 - ubuntu-latest'];
    expect(plan?.labels).to.deep.equal(['linux']);
    expect(plan?.plan.steps.map(({ id }) => id)).to.deep.equal([
      ...['__actions_checkout', '__actions_setup-node', '__run', '__run_2', '__run_3', '__actions_upload-artifact'],
    ]);
  });

  it('execa: takes names and labels from the matrix, and gives a secret to the step that names it', () => {
    const build = pushed('execa');
    expect(Object.entries(build.statuses).filter(([, status]) => status === 'queued')).to.deep.equal([
      ['Node.js 24 on ubuntu', 'queued'],
      ['Node.js 20 on ubuntu', 'queued'],
    ]);
    expect(build.plans['Node.js 24 on ubuntu']?.plan.secrets.names).to.deep.equal(['CODECOV_TOKEN']);
  });

  it('click: runs a matrix that consists of include, with names and labels', () => {
    const build = pushed('click');
    expect(build.names).to.have.members([
      ...['3.13', 'free-threaded', '3.12', 'Windows', 'Mac', '3.11', '3.10', 'PyPy', 'typing'],
    ]);
    expect(count(build, 'skipped')).to.equal(2);
  });

  it('cobra: keeps numbers in names, an upper-case label and a custom shell', () => {
    const build = pushed('cobra');
    expect(build.statuses).to.include({ 'ubuntu | 1.24.x': 'queued', 'macOS | 1.24.x': 'skipped', MINGW64: 'skipped' });
  });

  it('fastify: runs a called workflow between jobs, include and exclude, and conditions for pull requests', () => {
    const build = pushed('fastify');
    expect(build.statuses).to.include({ 'Dependency Review': 'skipped', Lint: 'queued', 'coverage-nix': 'waiting' });
    build.end('Lint').end('coverage-nix / check-coverage');
    const queued = build.names.filter((name) => name.startsWith('Test Unit') && build.statuses[name] === 'queued');
    expect(queued).to.deep.equal([
      ...['Test Unit (20, ubuntu-latest)', 'Test Unit (22, ubuntu-latest)', 'Test Unit (24, ubuntu-latest)'],
      'Test Unit (25, ubuntu-latest)',
    ]);
    expect(build.names.filter((name) => name.startsWith('Test Unit'))).to.have.length(9);
    expect(build.statuses.automerge).to.equal('waiting');
  });

  it('bullmq: runs each version of Redis as a service of its job', () => {
    const build = pushed('bullmq');
    expect(count(build, 'error')).to.equal(0);
    expect(build.statuses).to.include({ lint: 'queued' });
    const services = build.names.flatMap((name) => JSON.stringify(build.plans[name]?.plan.services) ?? []);
    expect(new Set(services).size).to.equal(1);
    expect(services[0]).to.include('matrix.redis');
  });
});
