import type { JobEngine } from '../../src/engine/engine-session.ts';
import { ImageLooks } from '../../src/engine/image-facts.ts';
import { ImagePulls } from '../../src/engine/image-pulls.ts';
import { containerPolicyOf } from '../../src/job/container-policy.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { ownTrust } from '../../src/kernel/trust.ts';

/** For jobs that are to have no containers. */
export const noEngine: JobEngine = {
  open: async () => {
    throw new Error('the test has no container engine');
  },
  start: async () => {
    throw new Error('the test has no container engine');
  },
  run: async () => {
    throw new Error('the test has no container engine');
  },
  build: async () => {
    throw new Error('the test has no container engine');
  },
  labels: async () => ({}),
  bytesOnDisk: async () => 0,
  removeLater: () => undefined,
  pulls: new ImagePulls({ dataDir: '/nonexistent', imagePull: 'never' }),
  looks: new ImageLooks(),
};

/** What containers may do on a machine whose owner has allowed nothing. */
export const usualContainers = containerPolicyOf(loadConfig(), { repo: { name: 'app', url: '/app' }, trust: ownTrust });
