import { expect } from 'chai';
import { decide, type SettingsTexts } from '../../../src/job/discovery/decide.ts';
import { packTree, type TreeListing, unpackTree } from '../../../src/job/discovery/packed-tree.ts';

const manifest = JSON.stringify({ scripts: { test: 'mocha' }, dependencies: { x: '1' } });

function listing(files: { [path: string]: string }, isCut = false): TreeListing {
  return {
    files: Object.keys(files).map((path) => ({ path, executable: path.endsWith('.sh') })),
    texts: Object.entries(files),
    isCut,
  };
}

function decided(files: { [path: string]: string }, settings?: SettingsTexts, hasWorkflows = false) {
  return decide({ settings, hasWorkflows, tree: hasWorkflows ? undefined : listing(files) });
}

function jobs(...asked: Parameters<typeof decided>) {
  const decision = decided(...asked);
  if (decision.kind !== 'jobs') throw new Error(JSON.stringify(decision));
  return decision.jobs;
}

const commands = (...asked: Parameters<typeof decided>) =>
  jobs(...asked).map(({ plan }) => plan.project.steps.map(({ command }) => command));

describe('how a commit is tested', () => {
  const files = { 'package.json': manifest };

  it('is decided by .volt.yml, else by workflow files, else by discovery', () => {
    const own = 'command: make verify';
    expect(commands(files, { own }, true)).to.deep.equal([['make verify']]);
    expect(commands(files, { own })).to.deep.equal([['make verify']]);
    expect(decided(files, { own: 'timeout: 5' }, true)).to.deep.equal({ kind: 'workflows' });
    expect(decided(files, undefined, true)).to.deep.equal({ kind: 'workflows' });
    expect(commands(files)).to.deep.equal([['npm install --no-audit --no-fund', 'npm test']]);
  });

  it('says in the log that workflow files are passed over for a command', () => {
    const [job] = jobs(files, { own: 'command: make' }, true);
    expect(job?.plan.notes).to.deep.equal(['passed over the workflow files: .volt.yml has a command']);
  });

  it('is found, and completed by .volt.yml', () => {
    const own = 'install: ./prepare\nenv: {A: 1}\nreports: [r.xml]\ntimeout: 7\nlabels: [gpu]\n';
    const [job] = jobs(files, { own });
    expect(job).to.deep.include({ name: 'test', labels: ['gpu'], timeout: 7 });
    expect(job?.plan).to.deep.include({ kind: 'project', env: { A: '1' }, reports: ['r.xml'] });
    expect(job?.plan.project.steps.map(({ name, command, inRoot }) => ({ name, command, inRoot }))).to.deep.equal([
      { name: 'install', command: './prepare', inRoot: true },
      { name: 'test', command: 'npm test', inRoot: undefined },
    ]);
  });

  it('stops a command of several lines at the first line that fails', () => {
    const [job] = jobs(files, { own: 'command: |\n  false\n  true\ninstall: one\n' });
    expect(job?.plan.project.steps.map(({ command }) => command)).to.deep.equal(['one', 'set -e\nfalse\ntrue']);
  });

  it('is a job for each project, named by its kind, with the folder where several are of that kind', () => {
    expect(jobs({ ...files, 'go.mod': 'module x' }).map(({ name }) => name)).to.deep.equal(['node', 'go']);
    const inside = { 'a/go.mod': 'module a', 'b/go.mod': 'module b', 'web/package.json': manifest };
    expect(jobs(inside).map(({ name }) => name)).to.deep.equal(['go (a)', 'go (b)', 'node']);
  });

  it('names the files that are passed over, and says if the commit has more files than Volt reads', () => {
    const tree = listing({ ...files, 'go.mod': 'module x', 'pom.xml': '', '.volt.yaml': 'command: x' }, true);
    const decision = decide({ hasWorkflows: false, tree: { ...tree, texts: tree.texts.slice(1) } });
    if (decision.kind !== 'jobs') throw new Error(decision.kind);
    expect(decision.jobs[0]?.plan.notes).to.deep.equal([
      'the commit has more files than Volt reads, so it may have found less than there is',
      'passed over .volt.yaml: Volt reads .volt.yml',
      'passed over package.json: package.json is not valid JSON, or too large',
    ]);
  });

  it('is an error where nothing is found, with what would be', () => {
    const decision = decided({ 'package.json': '{}', 'test.sh!': '' });
    expect(decision).to.include({ kind: 'error', reason: 'no_tests_found' });
    expect(decision)
      .to.have.property('message')
      .that.matches(/Volt knows: Node, Bun[\s\S]*command: …[\s\S]*no script "test"/);
  });

  it('is an error where .volt.yml is invalid or too large, whatever else there is', () => {
    for (const [own, line] of [
      ['timeout: 1\ncomand: x', '.volt.yml:2:1: there is no setting "comand"'],
      [null, '.volt.yml:1:1: it must be a file of at most 100 kB, and no symbolic link'],
    ] as const) {
      const decision = decided(files, { own }, true);
      expect(decision).to.include({ kind: 'error', reason: 'invalid_settings' });
      expect(decision).to.have.property('message').that.includes(line).and.includes('volt validate');
    }
  });

  describe('for a ref that is not trusted,', () => {
    const own = 'command: x\nenv: {PIP_INDEX_URL: "https://evil"}\nlabels: [prod]\ntimeout: 3\n';

    it('has the variables and labels of the default branch, and says so', () => {
      const [job] = jobs(files, { own, trusted: 'command: y\nenv: {B: 1}\nlabels: [gpu]\ntimeout: 9\n' });
      expect(job).to.deep.include({ labels: ['gpu'], timeout: 3 });
      expect(job?.plan.env).to.deep.equal({ B: '1' });
      expect(job?.plan.project.steps[0]?.command).to.equal('x');
      expect(job?.plan.notes.join()).to.match(/env, labels and image are those of .volt.yml on the default branch/);
    });

    it('has them also where the commit has no file', () => {
      const [job] = jobs(files, { own: '', trusted: 'env: {B: 1}\nlabels: [gpu]\n' });
      expect(job?.labels).to.deep.equal(['gpu']);
      expect(job?.plan.env).to.deep.equal({ B: '1' });
    });

    it('has no env and labels if the default branch has none, or an invalid file', () => {
      for (const trusted of [null, 'comand: x']) {
        const [job] = jobs(files, { own, trusted });
        expect(job?.labels).to.deep.equal([]);
        expect(job?.plan.env).to.deep.equal({});
      }
    });

    it('has the image of the default branch, or none, whatever its own file says', () => {
      const evil = 'image: evil.example/image:1\n';
      const [job] = jobs(files, { own: evil, trusted: 'image: node:22\n' });
      expect(job?.image).to.equal('node:22');
      expect(job?.plan.notes.join()).to.include('env, labels and image are those of');
      expect(jobs(files, { own: evil, trusted: null })[0]?.image).to.equal(undefined);
      expect(jobs(files, { own: '', trusted: 'image: node:22\n' })[0]?.image).to.equal('node:22');
      expect(jobs(files, { own: evil })[0]?.image, 'of a trusted ref').to.equal('evil.example/image:1');
    });

    it('says nothing where both branches say the same', () => {
      expect(jobs(files, { own, trusted: own })[0]?.plan.notes).to.deep.equal([]);
    });
  });
});

describe('the files of a commit in a message', () => {
  it('are the same after the way', async () => {
    const tree = listing({ 'a b/ü\n"x".sh': '', 'package.json': '{"ä": 1}' });
    expect(unpackTree(await packTree(tree, 10_000))).to.deep.equal(tree);
  });

  it('are fewer where they do not fit, the deepest left out', async () => {
    const names = Array.from({ length: 4000 }, (_, at) => [`f${at}-${Math.sin(at)}`, `text ${Math.cos(at)}`]);
    const packed = await packTree(listing(Object.fromEntries(names)), 20_000);
    expect(packed.length).to.be.at.most(20_000);
    const tree = unpackTree(packed);
    expect(tree.isCut).to.equal(true);
    expect(tree.files[0]?.path).to.equal('f0-0');
    expect(tree.files.length).to.be.within(100, 3999);
  });
});
