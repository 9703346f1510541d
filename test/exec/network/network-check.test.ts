import { expect } from 'chai';
import { networksText, settleNetworks } from '../../../src/exec/network/network-check.ts';
import { startChild } from '../../support/child.ts';

const list = { kind: 'list', hosts: [{ host: 'example.org', port: 443 }] } as const;

describe('the kind of network that jobs get', () => {
  it("is the machine's without isolation, and a loopback with VOLT_SANDBOX_NETWORK=off", async () => {
    expect(await settleNetworks('none', { kind: 'off' })).to.include({ trusted: 'machine', others: 'machine' });
    expect(await settleNetworks('sandbox', { kind: 'off' })).to.include({ trusted: 'loopback', others: 'loopback' });
  });

  it("is the machine's only for trusted refs where no network can be made, with a notice", async () => {
    const text = `
      import { networksText, settleNetworks } from './src/exec/network/network-check.ts';
      const networks = await settleNetworks('sandbox', { kind: 'on' });
      console.log(JSON.stringify({ ...networks, text: networksText(networks) }));
      await settleNetworks('sandbox', ${JSON.stringify(list)}).catch((error) => console.log(error.code + ': ' + error.message));`;
    const child = startChild(text, { env: { PATH: '/nonexistent' } });
    const networks = JSON.parse(await child.line());
    expect(networks).to.include({ trusted: 'machine', others: 'loopback' });
    expect(networks.notice).to.include('no network can be made for a job: ');
    expect(networks.text).to.include('all other jobs have only their own loopback');
    // a list cannot be enforced then, so the runner does not start
    expect(await child.line()).to.include('isolation_unavailable: jobs cannot be limited to the hosts');
    await child.ended();
  });

  it('is described by what jobs can reach', () => {
    const own = { trusted: 'own', others: 'own', notice: undefined } as const;
    expect(networksText({ policy: list, ...own })).to.include('only the listed hosts');
    expect(networksText({ policy: { kind: 'on' }, ...own })).to.include('private networks from trusted refs only');
  });
});
