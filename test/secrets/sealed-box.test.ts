import { expect } from 'chai';
import { makeBoxKeys, seal, unseal } from '../../src/secrets/sealed-box.ts';

describe('a box for one receiver', () => {
  const keys = makeBoxKeys();

  it('can be opened by its receiver, with any content', () => {
    for (const text of ['', 'öffne dich', 'x'.repeat(1_000_000)]) {
      expect(unseal(keys, 'for 1-1.1', seal(keys.publicKey, 'for 1-1.1', text))).to.equal(text);
    }
  });

  it('hides its content, and differs each time', () => {
    const first = seal(keys.publicKey, 'c', 'canary');
    expect(Buffer.from(first, 'base64').includes('canary')).to.equal(false);
    expect(seal(keys.publicKey, 'c', 'canary')).to.not.equal(first);
  });

  it('is not opened by another key or for another context', () => {
    const box = seal(keys.publicKey, 'for 1-1.1', 'text');
    expect(() => unseal(makeBoxKeys(), 'for 1-1.1', box)).to.throw();
    expect(() => unseal(keys, 'for 1-1.2', box)).to.throw();
  });

  it('is not opened with a changed or missing byte', () => {
    const bytes = Buffer.from(seal(keys.publicKey, 'c', 'text'), 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => unseal(keys, 'c', changed.toString('base64')), `byte ${at}`).to.throw();
    }
    for (const length of [0, 31, 32, 60, bytes.length - 1]) {
      expect(() => unseal(keys, 'c', bytes.subarray(0, length).toString('base64')), `${length} bytes`).to.throw();
    }
  });

  it('is not made for an invalid key', () => {
    for (const key of ['', 'AAAA', Buffer.alloc(32).toString('base64')]) {
      expect(() => seal(key, 'c', 'text'), key).to.throw();
    }
  });
});
