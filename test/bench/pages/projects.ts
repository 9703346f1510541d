/** The repositories of the test data; they differ in their jobs, their tests and their results. */
export interface Project {
  name: string;
  /** share of all builds */
  share: number;
  jobs: readonly { name: string; workflow: string | null; needs: readonly string[]; seconds: number }[];
  /** number of test results of the job at `testsAt` */
  tests: number;
  testsAt: number;
}

const of = (name: string, workflow: string | null, seconds: number, needs: readonly string[] = []) => ({
  ...{ name, workflow, needs, seconds },
});

const nodes = ['ubuntu-latest', 'ubuntu-22.04'].flatMap((os) => [20, 22, 24].map((node) => `test (${os}, ${node})`));
const platform = [
  of('lint', 'ci.yml', 25),
  ...nodes.map((name) => of(name, 'ci.yml', 180, ['lint'])),
  of('end-to-end tests in a browser', 'ci.yml', 420, nodes),
  of('package', 'ci.yml', 40, nodes),
];
const cells = Array.from({ length: 200 }, (_, index) => `check (${index % 20}, ${Math.floor(index / 20)})`);

export const projects: readonly Project[] = [
  { name: 'platform', share: 20, jobs: platform, tests: 300, testsAt: 1 },
  { name: 'website', share: 15, jobs: [of('test', null, 60)], tests: 50, testsAt: 0 },
  {
    name: 'a-service-with-quite-a-long-name-for-a-repository-v2',
    ...{ share: 10, tests: 50, testsAt: 0 },
    jobs: [of('test', null, 90)],
  },
  { name: 'wide', share: 0.3, jobs: cells.map((name) => of(name, 'matrix.yml', 30)), tests: 50, testsAt: 0 },
  ...Array.from({ length: 40 }, (_, index) => ({
    name: `service-${String(index + 1).padStart(2, '0')}`,
    ...{ share: (80 - 25.3) / 40, jobs: [of('test', null, 30 + 3 * index)], tests: 50, testsAt: 0 },
  })),
];
