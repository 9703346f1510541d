import { expect } from 'chai';
import { attempt } from './target.ts';
import { targets } from './targets/index.ts';

/** Always the same inputs, so that the suite ends the same way twice: `npm run fuzz` tries others each time. */
const seed = Number(process.env.VOLT_FUZZ_SEED ?? 1);

describe(`whatever comes (VOLT_FUZZ_SEED=${seed})`, () => {
  for (const target of targets) {
    it(target.holds, async () => {
      expect(await attempt(target, seed)).to.equal(target.runs);
    });
  }
});
