/**
 * What `npm test` leaves out, so that it ends within some ten minutes on two cores; `npm run test:all` runs it too.
 * Chosen by measured processor time. What decides who may read or do what is not among it.
 */
export const LONG = [
  {
    what: 'the verdict on projects of other languages, by their real tools',
    files: [
      'test/job/containers/tests-in-images.test.ts',
      'test/job/ecosystems.test.ts',
      'test/job/installs/node-modules.test.ts',
      'test/job/installs/python-environment.test.ts',
      'test/job/kinds/kinds.test.ts',
      'test/job/project-reporter.test.ts',
    ],
    /** Names of TOOLS in tools.mjs that nothing else needs. */
    tools: [
      'make',
      'cargo',
      'go',
      'maven',
      'gradle',
      'elixir',
      'cc',
      'cmake',
      'meson',
      'rspec',
      'bundler',
      'minitest',
      'phpunit',
      'composer',
    ],
  },
  {
    what: 'fleets whose stages, runners, disks, networks and clocks fail',
    files: [
      'test/chaos/chaos.test.ts',
      'test/chaos/clocks.test.ts',
      'test/flow/automatic-retries.test.ts',
      'test/flow/containers.test.ts',
      'test/flow/database-away.test.ts',
      'test/flow/fleet.test.ts',
      'test/flow/notifier-killed.test.ts',
      'test/flow/observing.test.ts',
      'test/flow/record-unwritable.test.ts',
      'test/flow/redis-lost.test.ts',
      'test/flow/redis-refuses.test.ts',
      'test/flow/restart.test.ts',
      'test/flow/runner-lost.test.ts',
      'test/flow/runner-stops.test.ts',
      'test/flow/sentinel.test.ts',
      'test/flow/stages-killed.test.ts',
      'test/flow/stages-stop.test.ts',
      'test/job/containers/hung-engine.test.ts',
      'test/runner/heartbeat.test.ts',
      'test/runner/kept-checkouts.test.ts',
    ],
    tools: [],
  },
  {
    what: 'what people hear of a thousand builds, whatever fails meanwhile',
    files: ['test/notifier/simulated-notices.test.ts'],
    tools: [],
  },
  {
    what: 'workflows of many projects with containers, services and docker actions',
    files: ['test/flow/workflows-with-containers.test.ts'],
    tools: [],
  },
  {
    what: 'containers as their own isolation, builds in them, and services',
    files: [
      'test/job/containers/docker.test.ts',
      'test/job/containers/docker-actions.test.ts',
      'test/job/containers/isolated-build.test.ts',
      'test/job/containers/services.test.ts',
    ],
    tools: [],
  },
  {
    what: 'what axe finds on every page, and long walks through a log',
    files: ['test/web/accessibility.test.ts', 'test/web/log-view.test.ts'],
    tools: [],
  },
  {
    what: 'a pull request at a real forge',
    files: ['test/forge/pagure.test.ts'],
    tools: ['pagure'],
  },
  {
    what: 'attacks that race with Volt for long, or exhaust it',
    files: [
      'test/attack/git-bombs.test.ts',
      'test/attack/job-files.test.ts',
      'test/attack/names.test.ts',
      'test/attack/planning-deaths.test.ts',
      'test/attack/planning.test.ts',
      'test/attack/texts.test.ts',
    ],
    tools: [],
  },
  {
    what: 'installations: the tutorial, upgrades from older versions, and the benchmark',
    files: ['test/bench/overhead.test.ts', 'test/cli/older-versions.test.ts', 'test/flow/tutorial.test.ts'],
    tools: [],
  },
];

/** @param {string} file of tests, relative to the checkout */
export function isLong(file) {
  return LONG.some(({ files }) => files.includes(file));
}
