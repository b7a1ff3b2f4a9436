// Forms, and their passkey prompts: sign-in, enrolment, the approval whose challenge is the card's digest, and the steps
// that are signed as the form stands.
import './simplewebauthn.js';

const OFFLINE = 'No connection to the gateway. Nothing was decided. Try again.';
const KNOWN = 'This device has a passkey of yours already. Sign in with it.';
const UNABLE = 'This browser cannot use passkeys here. Open the page in another one.';

const authn = () => globalThis.SimpleWebAuthnBrowser;

/** What cannot go on, in words for the reader. */
class Said extends Error {
  constructor(says, code) {
    super(says);
    this.code = code;
  }
}

/** What a form of values says at each of them, once the server has it. */
const AT_FIELDS = [
  'action.invalid',
  'approval.unchanged',
  'request.malformed',
  'person.exists',
  'person.unknown_role',
  'agent.exists',
];

function toDoor() {
  location.assign(`/console/sign-in?ended=1&next=${encodeURIComponent(location.pathname)}`);
}

async function send(path, body, headers) {
  try {
    return await fetch(path, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Said(OFFLINE);
  }
}

async function post(path, body, headers = {}) {
  const response = await send(path, body, headers);
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (answer.code === 'person.unauthenticated') toDoor();
  throw new Said(answer.says ?? OFFLINE, answer.code);
}

/** A passkey holds for one name: at another address the browser has none to offer, and says nothing useful. */
function assertPlace({ dataset }) {
  const { origin } = dataset;
  if (origin && origin !== location.origin)
    throw new Said(`Passkeys hold for ${origin} alone. Open this page there.`);
  if (!authn().browserSupportsWebAuthn()) throw new Said(UNABLE);
}

async function signIn({ dataset }) {
  const optionsJSON = await post('/console/sign-in/options', {});
  const credential = await authn().startAuthentication({ optionsJSON });
  await post('/console/sign-in', { credential });
  location.assign(dataset.next || '/console');
}

async function make(optionsJSON) {
  try {
    return await authn().startRegistration({ optionsJSON });
  } catch (error) {
    // What the authenticator answers when it holds one of `excludeCredentials`.
    throw error.name === 'InvalidStateError' ? new Said(KNOWN) : error;
  }
}

async function enrol({ elements }) {
  const invitation = location.hash.slice(1);
  const credential = await make(await post('/console/enrol/options', { invitation }));
  await post('/console/enrol', { invitation, credential, label: elements.label.value.trim() });
  // The invitation is used up, and need not stay in the history.
  location.replace('/console/sign-in?enrolled=1');
}

async function sha256(text) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a form holds; a secret goes by the form's own POST alone, and to be signed is named by its SHA-256. */
async function fieldsOf(form) {
  const secrets = [...form.querySelectorAll('input[type="password"]')];
  const open = [...new FormData(form)].filter(
    ([name]) => !secrets.some((secret) => secret.name === name),
  );
  const named = secrets.map(async ({ name, value }) => [
    `${name}_sha256`,
    await sha256(value.trim()),
  ]);
  return Object.fromEntries([...open, ...(await Promise.all(named))]);
}

/** What is signed is made from what the form holds; a form of values says what is wrong at each of them. */
async function optionsFor(form) {
  const { form_token: token, ...fields } = await fieldsOf(form);
  try {
    return await post(form.dataset.passkey, fields, { 'x-form-token': token });
  } catch (error) {
    if (!form.dataset.fields || !AT_FIELDS.includes(error.code)) throw error;
    return undefined;
  }
}

async function sign(form) {
  const answer = await optionsFor(form);
  if (!answer) {
    form.submit();
    return;
  }
  const { nonce, ...optionsJSON } = answer;
  if (nonce) form.elements.nonce.value = nonce;
  const credential = await authn().startAuthentication({ optionsJSON });
  form.elements.passkey.value = JSON.stringify(credential);
  form.submit();
}

function workOf(form) {
  if (form.dataset.signIn) return signIn;
  if (form.dataset.enrol) return enrol;
  return form.dataset.passkey ? sign : undefined;
}

function failurePlace(form) {
  const place = document.getElementById('failure') ?? form.parentElement.querySelector('.failure');
  if (place) return place;
  const notice = document.createElement('p');
  notice.className = 'notice notice--stop failure';
  notice.setAttribute('role', 'alert');
  form.after(notice);
  return notice;
}

function sayFailure(form, error) {
  const place = failurePlace(form);
  place.textContent = error instanceof Said ? error.message : form.dataset.failed;
  place.hidden = false;
}

/** A form is sent once: of two taps the second would be told that it came too late, and by whom. */
async function onSubmit(event) {
  const form = event.target;
  const work = workOf(form);
  if (work || form.dataset.busy) event.preventDefault();
  if (form.dataset.busy) return;
  if (form.method === 'post') form.dataset.busy = '1';
  if (!work) return;
  try {
    assertPlace(form);
    await work(form);
    // It stays busy: the browser is on its way to another page.
  } catch (error) {
    delete form.dataset.busy;
    sayFailure(form, error);
  }
}

/** A secret stays in no page that is left: neither in one that is kept for going back, nor in one kept by the browser. */
function forgetSecrets() {
  for (const field of document.querySelectorAll('form[data-secret] input[type="password"]'))
    field.value = '';
}

/** Back from another page by the browser's own button: nothing is under way any more. */
function onShow() {
  for (const form of document.querySelectorAll('form[data-busy]')) delete form.dataset.busy;
  forgetSecrets();
}

export function startForms() {
  document.addEventListener('submit', onSubmit);
  addEventListener('pageshow', onShow);
  addEventListener('pagehide', forgetSecrets);
}
