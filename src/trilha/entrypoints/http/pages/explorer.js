// Renders /schema/openapi.json: operations by tag, their parameters and answers, and a form to try each.
// Text goes into the page as text nodes only, never as markup.

const contract = await (await fetch("/schema/openapi.json")).json();
const field = (id) => document.getElementById(id);
const shownTypes = 6;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

const resolve = (schema) =>
  schema?.$ref ? contract.components.schemas[schema.$ref.split("/").pop()] : (schema ?? {});

function typeName(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map(typeName).join(" or ");
  if (schema.type === "array") return `list of ${typeName(schema.items ?? {})}`;
  if (schema.enum) return schema.enum.length > shownTypes ? "one of a list" : schema.enum.join(" | ");
  return [schema.type ?? "anything", schema.format && `(${schema.format})`].filter(Boolean).join(" ");
}

function schemaTable(schema, depth = 0) {
  const whole = resolve(schema);
  if (whole.type === "array") return schemaTable(whole.items ?? {}, depth);
  if (!whole.properties) return make("p", { class: "dim" }, typeName(schema));
  const rows = Object.entries(whole.properties).map(([name, property]) => {
    const inner = property.items ?? property.oneOf?.find((one) => one.$ref) ?? property;
    const nested = depth < 2 && inner.$ref
      ? make("details", {}, make("summary", { class: "dim" }, typeName(property)), schemaTable(inner, depth + 1))
      : make("span", { class: "dim" }, typeName(property));
    const required = whole.required?.includes(name) ? "mono required" : "mono";
    return make("tr", {}, make("td", { class: required }, name), make("td", {}, nested, property.description ?? ""));
  });
  return make("table", {}, make("tbody", {}, ...rows));
}

function inputFor(parameter) {
  const { schema } = parameter;
  const choices = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
  const attributes = { name: parameter.name, "data-in": parameter.in, required: parameter.required };
  const input = choices
    ? make("select", attributes, make("option", { value: "" }, "any"), ...choices.map((one) => make("option", {}, one)))
    : make("input", { ...attributes, placeholder: schema.default ?? schema.format ?? "", autocomplete: "off" });
  const hint = make("span", { class: "dim" }, parameter.description ?? "");
  return make("label", {}, make("span", { class: parameter.required ? "mono required" : "mono" }, parameter.name), input, hint);
}

function requestOf(path, method, form) {
  const headers = { Accept: "application/json" };
  const query = new URLSearchParams();
  let url = path;
  for (const input of form.querySelectorAll("[data-in]")) {
    if (!input.value) continue;
    if (input.dataset.in === "path") url = url.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === "query") query.set(input.name, input.value);
    else headers[input.name] = input.value;
  }
  if (path.startsWith("/v1")) {
    if (field("token").value) headers.Authorization = `Bearer ${field("token").value}`;
    if (field("organisation").value) headers["Trilha-Organisation"] = field("organisation").value;
  }
  const body = form.querySelector("textarea")?.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { url: query.size ? `${url}?${query}` : url, options: { method: method.toUpperCase(), headers, body } };
}

function curlOf({ url, options }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl -X ${options.method} ${quoted(location.origin + url)}`];
  for (const [name, value] of Object.entries(options.headers)) {
    // The token stays out of what people copy into chats.
    lines.push(`-H ${name === "Authorization" ? '"Authorization: Bearer $TOKEN"' : quoted(`${name}: ${value}`)}`);
  }
  if (options.body !== undefined) lines.push(`-d ${quoted(options.body)}`);
  return lines.join(" \\\n  ");
}

async function send(request, output) {
  const started = performance.now();
  let answer;
  try {
    answer = await fetch(request.url, request.options);
  } catch (error) {
    output.replaceChildren(make("p", { class: "status bad" }, `no answer: ${error.message}`));
    return;
  }
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json");
  output.replaceChildren(
    make("pre", {}, curlOf(request)),
    make("p", {},
      make("span", { class: answer.ok ? "status" : "status bad" }, `${answer.status} ${answer.statusText}`),
      make("span", { class: "dim" }, ` in ${Math.round(performance.now() - started)} ms, request ${answer.headers.get("x-request-id")}`)),
    make("pre", {}, isJson && text ? JSON.stringify(JSON.parse(text), null, 2) : text),
  );
}

function tryForm(path, method, operation) {
  const output = make("div", { class: "answer", "aria-live": "polite" });
  const inputs = (operation.parameters ?? []).filter((one) => one.name !== "Trilha-Organisation").map(inputFor);
  const body = operation.requestBody?.content["application/json"].schema;
  if (body) inputs.push(make("label", {}, make("span", { class: "mono required" }, "body"), make("textarea", { name: "body" }, "{}")));
  const form = make("form", {
    onsubmit: (event) => {
      event.preventDefault();
      send(requestOf(path, method, form), output);
    },
  }, make("div", { class: "fields" }, ...inputs), make("button", {}, "Send"));
  return [form, output];
}

function operationCard(path, method, operation) {
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const schema = Object.values(answer.content ?? {})[0]?.schema ?? {};
    return make("details", {},
      make("summary", {}, make("span", { class: status < "400" ? "status" : "status bad" }, status), ` ${answer.description}`),
      schemaTable(schema));
  });
  const guarded = operation.security?.some((one) => "token" in one);
  return make("details", { class: "operation", id: operation.operationId, "data-text": `${path} ${operation.summary}`.toLowerCase() },
    make("summary", {},
      make("span", { class: `method ${method}` }, method.toUpperCase()), make("code", {}, path),
      make("span", { class: guarded ? "dim lock" : "dim" }, `${operation.summary} `)),
    make("div", {},
      make("p", {}, operation.description ?? ""),
      ...tryForm(path, method, operation), make("h3", {}, "Answers"), ...answers));
}

function render() {
  field("title").textContent = `${contract.info.title} API ${contract.info.version}`;
  field("about").textContent = contract.info.description;
  for (const tag of contract.tags) {
    const cards = [];
    for (const [path, methods] of Object.entries(contract.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags?.includes(tag.name)) cards.push(operationCard(path, method, operation));
      }
    }
    field("operations").append(make("section", {}, make("h2", {}, tag.name), make("p", { class: "dim" }, tag.description), ...cards));
  }
  document.querySelector(`details[id="${CSS.escape(location.hash.slice(1))}"]`)?.setAttribute("open", "");
}

async function listOrganisations() {
  const headers = { Authorization: `Bearer ${field("token").value}` };
  const answer = await fetch("/v1/organisations", { headers });
  if (!answer.ok) return;
  const { items } = await answer.json();
  field("organisation").replaceChildren(...items.map((one) => make("option", { value: one.id }, one.name)));
}

function filter() {
  const sought = field("find").value.toLowerCase();
  for (const card of document.querySelectorAll(".operation")) card.hidden = !card.dataset.text.includes(sought);
}

render();
field("toolbar").addEventListener("submit", (event) => event.preventDefault());
field("find").addEventListener("input", filter);
field("token").addEventListener("change", listOrganisations);
