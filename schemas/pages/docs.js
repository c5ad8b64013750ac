// Tries endpoints from the page at /v1/, and keeps the examples beside each form equal to what is filled in.
'use strict';

const token = document.getElementById('token');

/** What a form asks for: method, address, headers and body. */
function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const body = new URLSearchParams();
  for (const input of form.elements) {
    if (!input.name || input.value === '') continue;
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else (input.dataset.in === 'body' ? body : query).append(input.name, input.value);
  }
  const url = location.origin + path + (query.size > 0 ? `?${query}` : '');
  const headers = token.value ? { Authorization: `Bearer ${token.value}` } : {};
  return { method: form.dataset.method, url, headers, body: form.dataset.hasBody ? body : undefined };
}

const shellQuoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

const writers = {
  curl({ method, url, headers, body }) {
    const parts = ['curl'];
    if (method !== 'GET' && !body) parts.push(`-X ${method}`);
    for (const [name, value] of Object.entries(headers)) parts.push(`-H ${shellQuoted(`${name}: ${value}`)}`);
    for (const [name, value] of body ?? []) parts.push(`--data-urlencode ${shellQuoted(`${name}=${value}`)}`);
    return `${parts.join(' ')} ${shellQuoted(url)}`;
  },
  javascript({ method, url, headers, body }) {
    const options = {};
    if (method !== 'GET') options.method = method;
    if (Object.keys(headers).length > 0) options.headers = headers;
    const more = Object.entries(options).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},\n`);
    if (body) more.push(`  body: new URLSearchParams(${JSON.stringify(Object.fromEntries(body))}),\n`);
    const second = more.length > 0 ? `, {\n${more.join('')}}` : '';
    return `const reply = await fetch(${JSON.stringify(url)}${second});\nconsole.log(reply.status, await reply.text());`;
  },
  python({ method, url, headers, body }) {
    const more = Object.keys(headers).length > 0 ? `, headers=${JSON.stringify(headers)}` : '';
    const data = body ? `, data=${JSON.stringify(Object.fromEntries(body))}` : '';
    return `import requests\n\nreply = requests.${method.toLowerCase()}(${JSON.stringify(url)}${more}${data})\nprint(reply.status_code, reply.text)`;
  },
};

function showExamples(form) {
  const request = requestOf(form);
  for (const place of form.querySelectorAll('[data-language]')) {
    place.textContent = writers[place.dataset.language](request);
  }
}

/** Indented where it is JSON. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form) {
  const { url, ...options } = requestOf(form);
  const output = form.querySelector('output');
  output.textContent = '…';
  try {
    const began = performance.now();
    const reply = await fetch(url, options);
    const text = await reply.text();
    const status = document.createElement('p');
    status.className = 'status';
    status.textContent = `${reply.status} ${reply.statusText}, ${Math.round(performance.now() - began)} ms`;
    const body = document.createElement('pre');
    body.textContent = readable(text);
    output.replaceChildren(status, body);
  } catch (fault) {
    output.textContent = `No reply: ${fault.message}`;
  }
}

for (const form of document.querySelectorAll('form.try')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form);
  });
  form.addEventListener('input', () => showExamples(form));
  showExamples(form);
}
token.addEventListener('input', () => document.querySelectorAll('form.try').forEach(showExamples));
