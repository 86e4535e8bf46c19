// Reads a JSON array of cases (tools/asl/asl.go) and prints how each went when
// run by aws-local-stepfunctions.
import { readFileSync } from 'node:fs';

// The package was written for Node 22; this is all that Node 20 lacks.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { StateMachine } = await import('aws-local-stepfunctions');

// states finds every state of a definition, those of Maps included.
function states(definition, found = {}) {
  for (const [name, state] of Object.entries(definition.States)) {
    found[name] = state;
    if (state.ItemProcessor) states(state.ItemProcessor, found);
  }
  return found;
}

// lambda plays the functions: it gives the answers one after the other.
function lambda(answers, calls) {
  const next = {};
  return ({ FunctionName: name, Payload: payload }) => {
    calls.push({ function: name, payload });
    const list = answers[name];
    const answer = list[Math.min(next[name] ?? 0, list.length - 1)];
    next[name] = (next[name] ?? 0) + 1;
    if (!answer.error) return Promise.resolve({ Payload: answer.return ?? null, StatusCode: 200 });
    const error = new Error('scripted');
    error.name = answer.error;
    return Promise.reject(error);
  };
}

async function run({ definition, input, answers }) {
  const calls = [];
  const handler = lambda(answers ?? {}, calls);
  const handlers = {};
  const intervals = {};
  for (const [name, state] of Object.entries(states(definition))) {
    if (state.Type === 'Task') handlers[name] = handler;
    intervals[name] = 0;
  }
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const execution = machine.run(input, {
    overrides: { taskResourceLocalHandlers: handlers, retryIntervalOverrides: intervals },
  });
  const outcome = { states: [] };
  try {
    outcome.output = await execution.result;
  } catch (error) {
    outcome.error = error.cause?.name ?? error.name;
  }
  for await (const event of execution.eventLogs) {
    if (event.type === 'StateEntered') outcome.states.push(event.state.name);
  }
  if (calls.length > 0) outcome.calls = calls;
  return outcome;
}

const outcomes = [];
for (const one of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    outcomes.push(await run(one));
  } catch (error) {
    throw new Error(`case ${one.name}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify(outcomes));
