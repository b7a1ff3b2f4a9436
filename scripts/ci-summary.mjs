// `node ci-summary.mjs <vitest json> <check output> <npm status>`: one closing line over everything.
import { readFileSync } from 'node:fs';

const [reportFile, checksFile, npmStatus] = process.argv.slice(2);

function tests() {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    const skipped = report.numPendingTests + report.numTodoTests;
    if (skipped > 0) console.log(`${skipped} tests were skipped; in CI that is a failure`);
    const failedSuites = report.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    ).length;
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + skipped + failedSuites,
    };
  } catch {
    console.log('the test run left no report');
    return { passed: 0, failed: 1 };
  }
}

function checks() {
  const line = /checks: (\d+) passed, (\d+) failed/.exec(readFileSync(checksFile, 'utf8'));
  return line === null
    ? { passed: 0, failed: 1 }
    : { passed: Number(line[1]), failed: Number(line[2]) };
}

const parts = [tests(), checks()];
const passed = parts.reduce((sum, part) => sum + part.passed, 0);
let failed = parts.reduce((sum, part) => sum + part.failed, 0);
if (failed === 0 && (passed === 0 || npmStatus !== '0')) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
