import { expect } from 'chai';
import { attempt } from './target.ts';
import { targets } from './targets/index.ts';

/** The title contains the seed, so that a finding can be repeated. */
const seed = Number(process.env.VOLT_FUZZ_SEED ?? Date.now() % 1_000_000_000);

describe(`whatever comes (VOLT_FUZZ_SEED=${seed})`, () => {
  for (const target of targets) {
    it(target.holds, async () => {
      expect(await attempt(target, seed)).to.equal(target.runs);
    });
  }
});
