/** The cameras of an event, and the corrections of their clocks. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { showTime, Trouble } from "../shared/elements";
import { words } from "#words";

type Camera = Schemas["Camera"];
type Cameras = Schemas["Cameras"];

const MINUTE_S = 60;
const MAX_MINUTES = 20 * 366 * 24 * 60;

/** `version`: changes with the event's photos. */
export function CameraClocks({ eventId, version }: { eventId: string; version: string }) {
  const [found, setFound] = useState<Cameras>();
  const [fault, setFault] = useState<unknown>();
  const load = useCallback(async () => {
    setFault(undefined);
    try {
      setFound(await ask(api.GET("/api/events/{event_id}/cameras", { params: { path: { event_id: eventId } } })));
    } catch (error) {
      setFault(error);
    }
  }, [eventId]);
  useEffect(() => void load(), [load, version]);

  const save = async (camera: Camera, offset_s: number) => {
    const params = { path: { event_id: eventId, camera_id: camera.id } };
    await ask(api.PUT("/api/events/{event_id}/cameras/{camera_id}", { params, body: { offset_s } }));
    await load();
  };
  return (
    <section class="cameras">
      <h2>{words.cameras.heading}</h2>
      <p>{words.cameras.detail}</p>
      {fault ? <Trouble fault={fault} onRetry={() => void load()} /> : null}
      {found?.cameras.length === 0 && <p class="quiet">{words.cameras.none}</p>}
      {found && found.cameras.length > 0 && (
        <>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.cameras.camera}</th>
                <th scope="col">{words.cameras.correction}</th>
              </tr>
            </thead>
            <tbody>
              {found.cameras.map((camera) => (
                <Row key={camera.id} camera={camera} onSave={(offset) => save(camera, offset)} />
              ))}
            </tbody>
          </table>
          <p class="quiet">{words.cameras.help}</p>
        </>
      )}
      {found?.unknown && <p class="quiet">{words.cameras.unknown(found.unknown.photos)}</p>}
    </section>
  );
}

function Row({ camera, onSave }: { camera: Camera; onSave: (offsetS: number) => Promise<void> }) {
  const total = Math.abs(camera.offset_s);
  const [isEarlier, setEarlier] = useState(camera.offset_s < 0);
  const [minutes, setMinutes] = useState(String(Math.floor(total / MINUTE_S)));
  const [seconds, setSeconds] = useState(String(total % MINUTE_S));
  const [isSaved, setSaved] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const save = async (submit: SubmitEvent) => {
    submit.preventDefault();
    setSaved(false);
    setFault(undefined);
    try {
      await onSave((isEarlier ? -1 : 1) * (Number(minutes) * MINUTE_S + Number(seconds)));
      setSaved(true);
    } catch (error) {
      setFault(error);
    }
  };
  const { first_taken_at: first, last_taken_at: last } = camera;
  return (
    <tr>
      <th scope="row">
        {camera.label}
        <small>
          {words.events.photos(camera.photos)}
          {first !== null && last !== null && <> · {words.cameras.span(showTime(first), showTime(last))}</>}
        </small>
      </th>
      <td>
        <form onSubmit={(submit) => void save(submit)}>
          <select
            aria-label={words.cameras.directionOf(camera.label)}
            value={isEarlier ? "earlier" : "later"}
            onChange={(change) => setEarlier(change.currentTarget.value === "earlier")}
          >
            <option value="later">{words.cameras.later}</option>
            <option value="earlier">{words.cameras.earlier}</option>
          </select>
          <label>
            <NumberInput value={minutes} max={MAX_MINUTES} onChange={setMinutes} /> {words.cameras.minutes}
          </label>
          <label>
            <NumberInput value={seconds} max={MINUTE_S - 1} onChange={setSeconds} /> {words.cameras.seconds}
          </label>
          <button type="submit">{words.cameras.save}</button>
          <span role="status">{isSaved && words.settings.saved}</span>
        </form>
        {fault ? <Trouble fault={fault} /> : null}
      </td>
    </tr>
  );
}

function NumberInput({ value, max, onChange }: { value: string; max: number; onChange: (value: string) => void }) {
  return (
    <input
      type="number"
      inputMode="numeric"
      min={0}
      max={max}
      required
      value={value}
      onInput={(input) => onChange(input.currentTarget.value)}
    />
  );
}
