import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';

const good = 'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n';

describe('volt validate', () => {
  const repositories: TestRepository[] = [];
  after(() => {
    for (const repository of repositories) repository.remove();
  });

  function checkout(files: Record<string, string>): string {
    const repository = new TestRepository(files);
    repositories.push(repository);
    return repository.path;
  }

  it('reports nothing for a valid workflow', async () => {
    const cwd = checkout({ '.github/workflows/test.yml': good });
    expect(await volt(['validate'], { cwd })).to.include({ code: 0, stdout: '1 workflow checked: no problems\n' });
  });

  it('prints all errors of all files with line and column, and exits 1', async () => {
    const cwd = checkout({
      '.github/workflows/a.yml': good.replace('runs-on', 'runs-onn'),
      '.github/workflows/b.yaml': good.replace('run: make', 'run: make\n      - uses: checkout'),
      '.github/workflows/c.yml': good,
      '.github/workflows/README.md': 'no workflow',
    });
    const { code, stdout } = await volt(['validate'], { cwd });
    expect(code).to.equal(1);
    expect(stdout.split('\n')).to.deep.equal([
      '.github/workflows/a.yml:4:5: invalid: "runs-onn" is not allowed here; did you mean "runs-on"?',
      '.github/workflows/a.yml:4:5: invalid: `runs-on` is missing',
      '.github/workflows/b.yaml:7:15: invalid: "checkout" is not an action: use owner/repository@ref, owner/repository/path@ref, $/path (in this repository) or ./path (in the workspace)',
      '3 workflows checked: 2 with problems',
      '',
    ]);
  });

  it('checks only the named files, from any folder of the checkout, and prints JSON', async () => {
    const cwd = checkout({
      '.volt/workflows/a.yml': `${good}    services: { db: { image: x, options: --userns host } }\n`,
      '.volt/workflows/b.yml': 'on: push',
      'deep/er/file': '',
    });
    const { code, stdout } = await volt(['validate', '../../.volt/workflows/a.yml', '--json'], {
      cwd: `${cwd}/deep/er`,
    });
    expect(code).to.equal(1);
    const { files, diagnostics } = JSON.parse(stdout);
    expect(files).to.deep.equal(['.volt/workflows/a.yml']);
    expect(diagnostics.map(({ severity }: { severity: string }) => severity)).to.deep.equal(['unsupported']);
    expect(diagnostics[0]).to.include({ file: '.volt/workflows/a.yml', line: 7, column: 42, severity: 'unsupported' });
  });

  it('checks .volt.yml, alone or with the workflows', async () => {
    const cwd = checkout({ '.volt.yml': 'timeout: 5\ncomand: make\n', '.volt/workflows/a.yml': good });
    const { code, stdout } = await volt(['validate'], { cwd });
    expect(code).to.equal(1);
    expect(stdout).to.match(/^\.volt\.yml:2:1: invalid: there is no setting "comand"; Volt knows command, install, /);
    expect(stdout).to.include('\n2 files checked: 1 with problems\n');
    const named = await volt(['validate', '.volt.yml', '--json'], { cwd });
    expect(JSON.parse(named.stdout).diagnostics).to.have.length(1);
    const image = checkout({ '.volt.yml': 'timeout: 5\nimage: No:1\n' });
    expect((await volt(['validate'], { cwd: image })).stdout).to.match(
      /\.volt\.yml:2:8: .*must be an image such as node:22/,
    );
    const fine = checkout({ '.volt.yml': 'command: make\nimage: node:22\n' });
    expect((await volt(['validate'], { cwd: fine })).stdout).to.equal('1 file checked: no problems\n');
  });

  it('reports that no workflow exists or that a named file does not exist', async () => {
    const cwd = checkout({ file: '' });
    expect((await volt(['validate'], { cwd })).stderr).to.match(
      /^error not_found: this checkout has no workflow files/,
    );
    const { code, stderr } = await volt(['validate', 'nope.yml'], { cwd });
    expect(code).to.equal(2);
    expect(stderr).to.match(/^error not_found: cannot read nope.yml/);
  });
});
