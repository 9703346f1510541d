import { expect } from 'chai';
import type { PullOptions } from '../../../src/engine/image-pulls.ts';
import { type FetchRules, JobFetchPolicy } from '../../../src/git/access/fetch-policy.ts';
import type { ContainerJob } from '../../../src/job/containers/container-job.ts';
import { jobImage } from '../../../src/job/containers/job-image.ts';
import { failure } from '../../support/failure.ts';

const url = 'https://own.example/team/app.git';
const addresses: Readonly<Record<string, string[]>> = {
  'open.example': ['93.184.216.34'],
  'inner.example': ['10.1.2.3'],
};

/** What the image of a job is asked for with. */
async function optionsFor(name: string, { trusted = false, network = 'own', image = '' } = {}): Promise<PullOptions> {
  let asked: PullOptions | undefined;
  const rules: FetchRules = {
    ...{ url, trusted, access: { url, credential: async () => undefined }, network: { kind: 'on' } },
    ...{ actionsUrl: 'https://actions.example', sharesCredential: false, machineCredentials: [], neighbours: [] },
    ...{ servers: [], resolve: async (host: string) => addresses[host] ?? [] },
  };
  const get = async (_engine: unknown, _name: string, options: PullOptions) => {
    asked = options;
  };
  const context = {
    ...{ containers: { allows: () => true }, engine: { pulls: { get } }, processes: Promise.resolve({ network }) },
    fetchPolicy: new JobFetchPolicy(rules),
  };
  const job = { context, input: { repo: { image } } } as unknown as ContainerJob;
  const request = { name, login: undefined, title: '', signal: new AbortController().signal };
  await jobImage(job, {} as never, request);
  return asked as PullOptions;
}

describe('the image that a commit names', () => {
  it('is fetched by Volt on a ref that is not trusted, from servers that the job may reach', async () => {
    const { reach } = await optionsFor('docker.io/library/node:22');
    expect(await reach?.('open.example')).to.deep.equal(['93.184.216.34']);
    const { message } = await failure('image_unavailable', async () => reach?.('inner.example'));
    expect(message).to.include('the image docker.io/library/node:22 is not to be had').and.include('inner.example');
  });

  it('is left to the engine on a trusted ref, once its registry is checked', async () => {
    const { reach, permit } = await optionsFor('127.0.0.1:5000/app:1', { trusted: true });
    expect(reach).to.equal(undefined);
    await failure('image_unavailable', async () => permit?.());
  });

  it('is left to the engine where the job reaches what the engine does, or the owner names the image', async () => {
    const image = 'inner.example/app:1';
    expect(await optionsFor(image, { network: 'machine' })).to.not.include.any.keys('reach', 'permit');
    expect(await optionsFor(image, { image })).to.not.include.any.keys('reach', 'permit');
    expect(await optionsFor('inner.example/other:1', { image })).to.include.keys('reach', 'permit');
  });
});
