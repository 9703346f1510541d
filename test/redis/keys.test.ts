import { expect } from 'chai';
import { redisKeys } from '../../src/redis/keys.ts';

/** Every key of a Volt with this prefix. */
function names(prefix: string): string[] {
  return Object.values(redisKeys(prefix)).map((key) =>
    typeof key === 'string' ? key : (key as (...parts: string[]) => string)('kind', 'id'),
  );
}

describe("the names of Volt's keys", () => {
  it('are below the prefix, so that several Volts can share one server', () => {
    for (const name of names('mine')) expect(name).to.match(/^mine:/);
  });

  it('are all different', () => {
    expect(new Set(names('volt')).size).to.equal(names('volt').length);
  });

  it('never change, since stages of neighbouring versions share them', () => {
    expect(names('volt')).to.have.members([
      'volt:*',
      'volt:bull',
      'volt:record',
      'volt:builds',
      'volt:young',
      'volt:members:kind',
      'volt:member:kind:id',
      'volt:label-queues',
      'volt:runner-keys',
      'volt:runner-keys-changed',
      'volt:logs',
      'volt:tallies',
      'volt:delivery:kind:id',
      'volt:app-request:kind',
      'volt:to-runner:kind',
      'volt:changes',
      'volt:growth',
      'volt:new-queue',
    ]);
  });
});
