import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { attack } from '../support/attack.ts';
import { TestJobs } from '../support/job.ts';

/** Several lines, like a key; only its first line may be shown. */
const key = `-----BEGIN KEY-----\nSECOND-LINE-c2VjcmV0a2V5\n${'third line of it, which is a long one '.repeat(3)}\n-----END KEY-----`;
const password = 'hunter2hunter2';

describe('a job with secrets', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(() => jobs.folders.remove());

  const around = { secrets: async () => ({ values: { KEY: key, PASSWORD: password }, withheld: null }) };

  attack(
    {
      attacker: 'anonymous reader',
      asset: 'secrets',
      title: 'cannot show them in messages, annotations, names, summaries, test results or outputs',
    },
    async () => {
      const { log, told, ...result } = await jobs.run(
        `
- run: echo "KEY=$KEY" >> $GITHUB_ENV
  env: { KEY: '\${{ secrets.KEY }}' }
  continue-on-error: true
- run: 'true'
  working-directory: \${{ secrets.PASSWORD }}
  continue-on-error: true
- run: echo \${{ fromJSON(secrets.PASSWORD) }}
  continue-on-error: true
- run: echo \${{ format(secrets.PASSWORD, '{') }} \${{ format('{', 1) }}
  continue-on-error: true
- run: 'true'
  timeout-minutes: \${{ secrets.PASSWORD }}
  continue-on-error: true
- name: deploy with \${{ secrets.PASSWORD }}
  run: |
    echo "::error file=$PASSWORD,title=$PASSWORD::$PASSWORD"
    echo "::notice::$(printf %2500s "$PASSWORD")"
    echo "$PASSWORD" >> $GITHUB_STEP_SUMMARY
    echo "::add-matcher::$PASSWORD"
    echo "<testsuite name='$PASSWORD'><testcase name='$PASSWORD'><failure message='$PASSWORD'>$(printf %9995s "$PASSWORD")</failure></testcase></testsuite>" > report.xml
    echo "value=$PASSWORD" >> $GITHUB_OUTPUT
  id: deploy
  env: { PASSWORD: '\${{ secrets.PASSWORD }}' }
  continue-on-error: true
- uses: actions/upload-artifact@v4
  with: { name: 'of \${{ secrets.PASSWORD }}', path: report.xml }
- uses: actions/download-artifact@v4
  with: { name: 'no \${{ secrets.PASSWORD }}' }
  continue-on-error: true
- uses: volt/test-report@v1
  with: { reports: report.xml }
- run: exit 1
  working-directory: /\${{ secrets.PASSWORD }}
`,
        { around, job: 'outputs: { value: "${{ steps.deploy.outputs.value }}" }' },
      );
      const { outcome, steps, outputs, tests } = result;
      const said = JSON.stringify({ log, told, outcome, steps, outputs, tests });
      expect(outcome.status).to.equal('failure');
      expect(tests?.results).to.have.lengthOf(1);
      expect(steps.flatMap(({ annotations }) => annotations)).to.have.length.above(8);
      expect(said).to.include('deploy with ***');
      for (const part of [password, password.slice(0, 5), 'SECOND-LINE', 'third line']) {
        expect(
          said.indexOf(part),
          said.slice(Math.max(0, said.indexOf(part) - 200), said.indexOf(part) + 200),
        ).to.equal(-1);
      }
    },
  );

  attack(
    {
      attacker: 'anonymous reader',
      asset: 'secrets',
      title: 'cannot show them in the encodings of common programs',
    },
    async () => {
      const { log } = await jobs.run(
        `
- run: |
    printf %s "$KEY" | base64; printf 'user:%s' "$KEY" | base64 -w 64; printf %s "$KEY" | od -An -v -tx1 | tr -d ' '
    (set -x; : "it's $PASSWORD"); printf '%q\\n' "$KEY"
    printf '%s' "$PASSWORD:$PASSWORD" | base64 -w 10
  shell: bash
  env: { KEY: '\${{ secrets.KEY }}', PASSWORD: '\${{ secrets.PASSWORD }}' }
`,
        { around },
      );
      const shown = log.slice(log.lastIndexOf('##[endgroup]'));
      expect(shown).to.include('***').and.not.include(password);
      const decoded = spawnSync('base64', ['-d', '-i'], {
        input: shown.replaceAll('*', ''),
        encoding: 'latin1',
      }).stdout;
      for (const text of [shown, decoded, Buffer.from(shown.replace(/[^0-9a-f]/g, ''), 'hex').toString('latin1')])
        expect(text).to.not.match(/SECOND|secretkey|third line|hunter/);
      expect(shown.length, shown).to.be.below(400);
    },
  );

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'availability',
      title: 'cannot delay Volt by many masked values that match the start of its output',
    },
    async () => {
      const before = process.cpuUsage();
      const { outcome, log } = await jobs.run(`
- run: |
    for number in $(seq 990); do echo "::add-mask::$(printf 'a%.0s' $(seq 100))$number"; done
    for number in $(seq 10); do head -c 300000 /dev/zero | tr '\\\\0' a; echo; done
  shell: bash
`);
      const { user } = process.cpuUsage(before);
      expect(outcome.status).to.equal('success');
      expect(log.length).to.be.above(3_000_000);
      expect(user / 1000).to.be.below(8000);
    },
  );
});
