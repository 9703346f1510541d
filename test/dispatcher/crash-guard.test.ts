import { expect } from 'chai';
import { CrashGuard } from '../../src/dispatcher/crash-guard.ts';
import { Later } from '../../src/queues/consumer.ts';

describe('messages during which a process has died', () => {
  const never = async () => {
    throw new Error('this was not to be called');
  };

  it('are handled as usual before the first death', async () => {
    const done: string[] = [];
    await new CrashGuard().handle({ deaths: 0 }, async () => void done.push('work'), never);
    expect(done).to.deep.equal(['work']);
  });

  it('are handled one at a time, so that the next death counts for one of them', async () => {
    const crashGuard = new CrashGuard();
    let finish: () => void = () => undefined;
    const first = crashGuard.handle(
      { deaths: 1 },
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
      never,
    );
    const second = await crashGuard.handle({ deaths: 1 }, never, never).catch((error: unknown) => error);
    expect(second).to.be.instanceOf(Later);
    finish();
    await first;
    const done: string[] = [];
    await crashGuard.handle({ deaths: 2 }, async () => void done.push('work'), never);
    expect(done).to.deep.equal(['work']);
  });

  it('end after the third death', async () => {
    const done: string[] = [];
    await new CrashGuard().handle({ deaths: 3 }, never, async () => void done.push('end'));
    expect(done).to.deep.equal(['end']);
  });
});
