import { expect } from 'chai';
import { targetOf } from '../../../src/job/containers/service-ports.ts';
import { asVoltError } from '../../../src/kernel/errors.ts';

describe('the port of a service', () => {
  const service = { id: 'db', port: { container: 80, protocol: 'tcp' } } as const;
  const running = { isRunning: true, exitCode: 0, isOutOfMemory: false, pid: 1, addresses: {}, published: {} };

  it('leads to the address of its container, or to the port that the engine opened', () => {
    const addresses = { net: '10.89.0.2' };
    expect(targetOf(service, { ...running, addresses }, 'net')).to.deep.equal({ host: '10.89.0.2', port: 80 });
    const published = { '80/tcp': 40_000 };
    expect(targetOf(service, { ...running, published }, 'net')).to.deep.equal({ host: '127.0.0.1', port: 40_000 });
  });

  it('never leads to the machine itself where the container has ended or has no address', () => {
    const ended = { ...running, isRunning: false, published: { '80/tcp': 40_000 } };
    for (const state of [ended, running, { ...running, addresses: { net: '' } }]) {
      try {
        targetOf(service, state, 'net');
        expect.fail('it leads somewhere');
      } catch (error) {
        expect(asVoltError(error).code, String(error)).to.equal('service_failed');
      }
    }
  });
});
