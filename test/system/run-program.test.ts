import { expect } from 'chai';
import { type ProgramFailed, runProgram } from '../../src/system/run-program.ts';

describe('runProgram', () => {
  async function failure(run: Promise<string>): Promise<ProgramFailed> {
    return run.then(
      (stdout) => expect.fail(`it printed ${stdout}`),
      (error) => error as ProgramFailed,
    );
  }
  const shell = (script: string, options = {}) => runProgram('sh', ['-c', script], options);

  it('returns what the program prints, in the environment of tools', async () => {
    expect(await shell('echo "$VOLT_TEST_VALUE$PATH" | wc -l')).to.match(/^\s*1\n$/);
    expect(await shell('pwd')).to.equal('/\n');
  });

  it('gives the program no input', async () => {
    expect(await shell('cat; echo end')).to.equal('end\n');
  });

  it('names the exit code and stderr of a program that fails, and keeps its stdout', async () => {
    const failed = await failure(shell('echo half; echo no room >&2; exit 3'));
    expect(failed.message).to.equal('sh failed: exit code 3: no room');
    expect(failed.stdout).to.equal('half\n');
  });

  it('has the system code of a program that does not exist', async () => {
    expect(await failure(runProgram('volt-no-such-program', []))).to.include({
      code: 'ENOENT',
      message: 'volt-no-such-program failed: ENOENT',
    });
  });

  it('kills a program after its timeout', async () => {
    const failed = await failure(shell('trap "" TERM; while :; do sleep 1; done', { timeout: 200 }));
    expect(failed.message).to.equal('sh failed: did not end within 0.2 s');
  });

  it('names the signal that ended a program', async () => {
    expect(await failure(shell('kill -ABRT $$'))).to.include({ signal: 'SIGABRT', message: 'sh failed: SIGABRT' });
  });

  it('fails when a program prints more than 16 MB', async () => {
    expect((await failure(shell('yes'))).message).to.include('MAXBUFFER');
  });
});
