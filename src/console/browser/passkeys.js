// Passkey prompts: sign-in, enrolment, and the approval whose challenge is the card's digest.
import './simplewebauthn.js';

const FAILED = 'The passkey was not accepted. Nothing was decided. Try again.';

const authn = () => globalThis.SimpleWebAuthnBrowser;

async function post(path, body, headers = {}) {
  const response = await fetch(path, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** The API may name the options themselves or put them beside an id of the challenge. */
const optionsIn = (answer) => answer.options ?? answer;

const restOf = ({ options, ...rest }) => (options ? rest : {});

function sayFailure(form) {
  const place = document.getElementById('failure');
  if (place) {
    place.textContent = FAILED;
    place.hidden = false;
    return;
  }
  let notice = form.parentElement.querySelector('.failure');
  if (!notice) {
    notice = document.createElement('p');
    notice.className = 'notice notice--stop failure';
    notice.setAttribute('role', 'alert');
    form.after(notice);
  }
  notice.textContent = FAILED;
}

async function signIn(form) {
  const asked = await post('/console/sign-in/options', {});
  const { chosen, rest } = { chosen: optionsIn(asked), rest: restOf(asked) };
  const credential = await authn().startAuthentication({ optionsJSON: chosen });
  await post('/console/sign-in', { ...rest, credential });
  location.assign(form.dataset.next || '/console');
}

async function enrol() {
  const invitation = location.hash.slice(1);
  const asked = await post('/console/enrol/options', { invitation });
  const credential = await authn().startRegistration({ optionsJSON: optionsIn(asked) });
  await post('/console/enrol', { ...restOf(asked), invitation, credential });
  // The invitation is used up, and need not stay in the history.
  location.replace('/console/sign-in');
}

async function approve(form) {
  const token = form.elements.form_token.value;
  const asked = await post(form.dataset.passkey, {}, { 'x-form-token': token });
  const credential = await authn().startAuthentication({ optionsJSON: optionsIn(asked) });
  form.elements.passkey.value = JSON.stringify(credential);
  form.submit();
}

function workOf(form) {
  if (form.dataset.signIn) return signIn;
  if (form.dataset.enrol) return enrol;
  return form.dataset.passkey ? approve : undefined;
}

async function onSubmit(event) {
  const form = event.target;
  const work = workOf(form);
  if (!work) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = '1';
  try {
    await work(form);
  } catch {
    sayFailure(form);
  } finally {
    delete form.dataset.busy;
  }
}

export function startPasskeys() {
  document.addEventListener('submit', onSubmit);
}
