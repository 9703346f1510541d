import { expect } from 'chai';
import { checkValue, secretName } from '../../src/secrets/names.ts';
import { failure } from '../support/failure.ts';

describe('the name of a secret or variable', () => {
  for (const name of ['TOKEN', '_A1', 'A'.repeat(255), 'NOT_GITHUB_TOKEN', 'GITHUBTOKEN']) {
    it(`is accepted: ${name.slice(0, 20)}`, () => {
      expect(secretName(name)).to.equal(name);
    });
  }

  it('is the same in any case', () => {
    expect(secretName('npm_Token')).to.equal('NPM_TOKEN');
  });

  for (const name of ['', '1A', 'A-B', 'A B', 'A.B', 'É', 'A\n', 'GITHUB_TOKEN', 'github_x', 'A'.repeat(256), '../A']) {
    it(`is refused: ${JSON.stringify(name.slice(0, 20))}`, async () => {
      await failure('bad_name', () => secretName(name));
    });
  }
});

describe('the name GITHUB_TOKEN', () => {
  it('is refused with the way to give jobs one', async () => {
    expect((await failure('bad_name', () => secretName('github_token'))).remedy).to.include('--job-token-file');
  });
});

describe('the value of a secret or variable', () => {
  it('may be any text up to 48 KB', () => {
    for (const value of ['a', ' ', 'a\nb\n', 'ä', 'x'.repeat(48 * 1024)]) expect(checkValue(value)).to.equal(value);
  });

  it('may not be empty, contain a NUL or be larger, and the error does not repeat it', async () => {
    for (const value of ['', 'canary\0', `canary${'ä'.repeat(24 * 1024)}`]) {
      const { message, remedy } = await failure('bad_request', () => checkValue(value));
      expect(message + remedy).to.not.include('canary');
    }
  });
});
