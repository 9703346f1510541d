/** Small commits with extreme input, each with the limit that bounds it. */
export interface GuiltyCommit {
  /** what the attacker cannot do with the commit */
  title: string;
  files: { [path: string]: string };
  /** result of its build, and text that the reason or the log contains */
  status: 'success' | 'failure' | 'error';
  says: RegExp;
}

const workflow = (text: string) => ({ '.github/workflows/ci.yml': `on: push\n${text}` });
const steps = (...list: string[]) => `jobs:\n  a:\n    runs-on: linux\n    steps:\n${list.join('')}`;
const script = (text: string) => `      - run: |\n          ${text}\n`;
const node = (program: string) => script(`node -e '${program}'`);

const matcher = JSON.stringify({
  problemMatcher: [{ owner: 'slow', pattern: [{ regexp: '^(a|a)*$', message: 1 }] }],
});

/** Attacks inside jobs, and through output that Volt shows. */
export const guiltyJobs: readonly GuiltyCommit[] = [
  {
    title: 'cannot delay them by 1,100 secrets with a common prefix and output that resembles them',
    files: workflow(
      steps(
        node(
          'for (let i = 0; i < 1100; i++) console.log("::add-mask::" + "a".repeat(200) + i); for (let i = 0; i < 5; i++) console.log("a".repeat(60000))',
        ),
      ),
    ),
    status: 'success',
    says: /output is withheld: the job masks more than 1000 values/,
  },
  {
    title: 'cannot delay them by a slow problem matcher on many lines',
    files: {
      'matcher.json': matcher,
      ...workflow(
        steps(
          '      - uses: actions/checkout@v4\n',
          `${script('echo "::add-matcher::matcher.json"')}`,
          node('for (let i = 0; i < 20000; i++) console.log("a".repeat(17) + "!")'),
        ),
      ),
    },
    status: 'success',
    says: /"slow" was removed: the matchers of a job may take 2 s of processor time each/,
  },
  {
    title: 'cannot delay them by hashFiles with many wildcards',
    files: workflow(
      steps(
        script(`touch ${'a'.repeat(250)}`),
        script("echo 'hash [${{ hashFiles(''*a*a*a*a*a*a*a*a*a*a*b'') }}]'".replaceAll("''", "'")),
      ),
    ),
    status: 'success',
    says: /hash \[\]/,
  },
  {
    title: 'cannot delay them by many large variables',
    files: workflow(
      steps(
        node('require("fs").writeFileSync(process.env.GITHUB_ENV, "M=" + "x".repeat(1000000))'),
        `      - run: echo never\n        env:\n${Array.from({ length: 12 }, (_, index) => `          V${index}: ${'${{ env.M }}'.repeat(450)}\n`).join('')}`,
      ),
    ),
    status: 'failure',
    says: /returns more than 1048576 characters/,
  },
  {
    title: 'cannot delay them by a step summary that is slow to render',
    files: workflow(
      steps(
        ...Array.from({ length: 4 }, () =>
          node('require("fs").writeFileSync(process.env.GITHUB_STEP_SUMMARY, "http://a.b/(".repeat(5400))'),
        ),
      ).replace(
        '    runs-on',
        `    strategy: { matrix: { n: [${Array.from({ length: 12 }, (_, index) => index).join()}] } }\n    runs-on`,
      ),
    ),
    status: 'success',
    says: /./,
  },
];

const numbers = `[${Array.from({ length: 256 }, (_, index) => index).join()}]`;
const excludes = `fromJSON(format('[${'{0},'.repeat(99)}{0}]', format('${'{0},'.repeat(99)}{0}', '{"a":"x"}')))`;
const calling = (file: string) =>
  `jobs:\n  a:\n    strategy: { matrix: { n: ${numbers} } }\n    uses: ./.github/workflows/${file}\n`;

/** Attacks on planning. */
export const guiltyPlans: readonly GuiltyCommit[] = [
  {
    title: 'cannot delay them by 10,000 excludes of a matrix of 65,536',
    files: workflow(
      steps(script('make')).replace(
        '    runs-on',
        `    strategy: { matrix: { a: ${numbers}, b: ${numbers}, exclude: '\${{ ${excludes.replaceAll("'", "''")} }}' } }\n    runs-on`,
      ),
    ),
    status: 'error',
    says: /10000 entries of `exclude` for 65536 combinations/,
  },
  {
    title: 'cannot delay them by nested calls with matrices of 256',
    files: {
      ...workflow(calling('b.yml')),
      '.github/workflows/b.yml': `on: workflow_call\n${calling('c.yml')}`,
      '.github/workflows/c.yml': `on: workflow_call\n${steps(script('make')).replace('    runs-on', `    strategy: { matrix: { n: ${numbers} } }\n    runs-on`)}`,
    },
    status: 'error',
    says: /more than 1000 jobs/,
  },
  {
    title: 'cannot delay them by 20,000 path patterns and a change of 5,000 files',
    files: {
      '.github/workflows/ci.yml': `on: { push: { paths: [${Array.from({ length: 20_000 }, (_, index) => `'*a*${index}'`).join()}] } }\n${steps(script('make'))}`,
      ...Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`packages/a-${index}`, ''])),
    },
    status: 'error',
    says: /20000 patterns; at most 1000 are allowed/,
  },
];
