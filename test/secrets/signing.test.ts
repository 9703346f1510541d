import { expect } from 'chai';
import { signatory, withSignature } from '../../src/secrets/signed-message.ts';
import { isSigned, newPrivateKey, signerOf } from '../../src/secrets/signing.ts';

describe('a signature', () => {
  const key = newPrivateKey();
  const signer = signerOf(key);

  it('is valid only for its text, purpose and key', () => {
    const signature = signer.sign('job', 'text');
    const other = signerOf(newPrivateKey());
    expect(isSigned(signer.publicKey, 'job', 'text', signature)).to.equal(true);
    expect(isSigned(signer.publicKey, 'job', 'texts', signature)).to.equal(false);
    expect(isSigned(signer.publicKey, 'runner log', 'text', signature)).to.equal(false);
    expect(isSigned(other.publicKey, 'job', 'text', signature)).to.equal(false);
    expect(isSigned(signer.publicKey, 'job', 'text', '')).to.equal(false);
    expect(isSigned('no key', 'job', 'text', signature)).to.equal(false);
    expect(signerOf(key).publicKey).to.equal(signer.publicKey);
  });

  it('of a message covers all fields, also after JSON', () => {
    const message = {
      v: 1,
      at: 1.5,
      none: undefined,
      outputs: { 2: 'b', 1: 'a', __proto__: 'p' },
      text: 'ü\ud800\u2028',
    };
    const sent = JSON.stringify(withSignature('job', message, signer));
    expect(signatory('job', JSON.parse(sent))).to.equal(signer.publicKey);
    expect(signatory('runner result', JSON.parse(sent))).to.equal(undefined);
    for (const change of [{ at: 1 }, { more: true }, { outputs: {} }, { signed: undefined }])
      expect(signatory('job', { ...JSON.parse(sent), ...change })).to.equal(undefined);
    for (const strange of [null, 'text', [], { signed: {} }, { signed: { key: 'x', signature: 'y' } }])
      expect(signatory('job', strange)).to.equal(undefined);
  });
});
