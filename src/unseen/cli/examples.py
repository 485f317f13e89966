"""Examples at the end of each `--help`: lines that run as they stand."""

from __future__ import annotations

_LINES = {
    "xray train": (
        "unseen xray train pneumoniamnist.npz --out model.unseen",
        "unseen xray train films.csv --normal healthy --size 64 --out model.unseen",
        "unseen xray train films.csv --told hands=hands/ --told pets=pets/ --out model.unseen",
    ),
    "xray calibrate": (
        'unseen xray calibrate model.unseen ward.csv --source "Ward 3" --out ward.json',
        "unseen xray calibrate model.unseen pneumoniamnist.npz --part test --source test --out test.json",
    ),
    "xray screen": (
        "unseen xray screen model.unseen film.dcm --record ward.json",
        "unseen xray screen model.unseen *.png --json",
        "unseen xray screen model.unseen phone.jpg --photo",
    ),
    "demo": ("unseen demo", "unseen demo --out digits --open"),
    "fit": (
        'unseen fit flows.csv --label "Attack Type" --normal Normal --known DoS,DDoS --out model',
        "unseen fit flows.parquet --label kind --normal ok --hold-out 0.3 --missing median --out model",
        "unseen fit jets.csv --label kind --normal qcd,top --known wz --model classifier --out model",
        "unseen fit flows.csv --label kind --normal ok --known DoS --model vae --members 3 --out model",
        "unseen fit films/ --normal healthy --known pneumonia --out model.unseen",
        "unseen fit KDDTrain+.txt.gz --names Field_Names.csv --names attack,difficulty --drop difficulty "
        "--label attack --normal normal --known neptune,smurf --out model",
        "unseen fit flows.csv --config fit.toml --out model",
        "unseen fit qq=qq.root tt=tt.root --normal qq --known tt --columns 'jet_*,met' --out model",
        "unseen fit jets.csv --label kind --normal qcd --weight w --protect mjj --decorrelate 1 --out model",
        'unseen fit qcd=qcd.root --normal qcd --input-rate "40 kHz" --alarm-rate "400 Hz" --out model',
    ),
    "score": (
        "unseen score model flows.csv > scores.csv",
        "unseen score model flows.parquet --out scores.parquet",
        "unseen score model flows.parquet --ray local --workers 4 --out scores.parquet",
        'zcat flows.csv.gz | unseen score model - --top 20 --columns "Destination Port"',
    ),
    "evaluate": (
        "unseen evaluate model flows.csv --held-out",
        "unseen evaluate model flows.csv --held-out --out judged",
        'unseen evaluate model new.csv --label "Attack Type" --normal Normal --json',
        "unseen evaluate model qq=qq.root tt=tt.root --normal qq",
        "unseen evaluate model qcd=qcd.h5 suep=suep.h5 --fixed hits",
        'unseen evaluate model qcd=qcd.root z=zp.root --input-rate "1 MHz" --alarm-rate "1 kHz" --against ht',
        'unseen evaluate model qcd=qcd.root zp=zp.root --alarm-rate "10 Hz" --tail --json',
    ),
    "watch": (
        "unseen watch city.toml",
        "unseen watch city.toml --check",
        "unseen watch city.toml --json > alarms.jsonl",
        "cat readings.csv | unseen watch past.toml --json",
        "unseen watch city.toml --import year.parquet",
        "unseen watch city.toml --export out",
    ),
    "nab": (
        "unseen bench nab --committed",
        "unseen bench nab --quick",
        'unseen bench nab --series nyc_taxi,realTweets --methods "unseen stream" --out nab',
    ),
    "stream": (
        "unseen stream readings.csv > verdicts.csv",
        "unseen stream readings.csv --time stamp --value flow --alarms-only",
        "tail -n +1 -f readings.jsonl | unseen stream - --state street.npz",
        "unseen stream readings.csv --warmup 300 --alarms 1 --json",
    ),
    "symmetry": (
        "unseen symmetry momenta.csv --out symmetries",
        "unseen symmetry momenta.csv --under rotation:x,y --under reflection:x",
        "unseen symmetry muons.csv --of M2 --blocks 2",
        "unseen symmetry orbit.csv --conserved --json",
        "unseen symmetry rows.csv --columns 'x,y' --curved 3",
        "unseen symmetry picture.jpg",
        "unseen symmetry *.jpg --out symmetry.html",
    ),
    "explain": (
        "unseen explain model flows.csv --rows 3,17",
        "unseen explain model flows.csv --top 5 --json",
    ),
    "report": (
        "unseen report model flows.csv --held-out --out report.html",
        'unseen report model qcd=qcd.h5 suep=suep.h5 --fixed hits --alarm-rate "400 Hz"',
        'unseen report model new.csv --label "Attack Type" --normal Normal',
    ),
    "serve": (
        "unseen serve model",
        "unseen serve model --token-file token --port 8080 --workers 2",
        "curl -H \"Authorization: Bearer $(cat token)\" -H 'Content-Type: application/json' "
        '-d \'[{"bytes": 120, "service": "http"}]\' \'http://127.0.0.1:8080/score?rate=0.001\'',
    ),
    "latent": (
        "unseen latent model flows.csv",
        "unseen latent model flows.csv --held-out --out latent.html --csv units.csv",
        'unseen latent model flows.csv --features "Flow*,Label" --json',
        "unseen latent model flows.csv --betas 0.5,0.2,0.1 --seeds 3 --out latent.html",
    ),
    "check": (
        'unseen check flows.csv --label "Attack Type"',
        "unseen check train.parquet --against test.parquet --label kind --drop id",
        "unseen check dark_showers/supervised --against dark_showers/n_tracks/test",
        "unseen check signal=sim/suep.h5:images events/ --against test/ --kind-from-name '^([a-z]+)_' --json",
    ),
    "structure": (
        "unseen structure spring.csv",
        "unseen structure muons.csv.gz --columns 'p?_*' --json",
        "unseen structure opal.root --columns Ncharged,Pcharged,E_ecal,E_hcal --out found",
    ),
    "relevance": (
        "unseen relevance spring.csv",
        "unseen relevance muons.csv.gz --columns 'p?_*' --betas 0.5,0.1 --seeds 3 --out found",
    ),
    "export": (
        "unseen export model --to onnx --out model.onnx",
        "unseen export model --to onnx-int8 --samples flows.csv --held-out --out small.onnx",
        "unseen export model --to onnx --part code --samples flows.csv --held-out --out code.onnx",
        "unseen export model --to c --samples flows.csv --held-out --out model.h",
        "unseen export films --to web --title 'Unusual films' --out app",
        "unseen export films --to web-int8 --samples more-films --out app",
        "unseen export model.onnx --verify",
    ),
    "app-serve": ("unseen app serve app", "unseen app serve app --port 0 --json"),
    "app-check": ("unseen app check app", "unseen app check app --json"),
    "content": (
        "unseen collider content events.root:Events",
        "unseen collider content events.lhe.gz --json",
    ),
    "simulate": (
        "unseen collider simulate qcd --events 20000 --out qcd.h5 --workers 2",
        "unseen collider simulate resonance --prongs 3 --mass 3000 --events 4000 --out zprime.h5",
        "unseen collider simulate suep --mass 300 --images --no-particles --events 1000 --out suep300.h5",
        'unseen collider simulate zh --events 1000 --set "PDF:pSet = 13" --out zh.h5',
    ),
    "images": (
        "unseen collider images events.root:Events --channels detector --out events.feather",
        "unseen collider images qcd=qcd.h5 suep=suep.h5 --cells 50x64 --block 1 --out pt.parquet",
        "unseen collider images dark_showers/n_tracks/train --out train.feather",
        "unseen collider images dark_showers/n_tracks/train --mask --out tracks.feather --json",
    ),
    "closeness": (
        "unseen collider closeness qcd.h5 suep300.h5 --published dark_showers/n_tracks",
        "unseen collider closeness qcd.h5 --published dark_showers/n_tracks --json",
    ),
    "significance": (
        "unseen collider significance model qcd=qcd.h5 w=w.h5 --normal qcd --luminosity 300 "
        "--cross-section qcd=1e4 --cross-section w=0.5",
        "unseen collider significance model jets.csv --luminosity 300 --cross-section qcd=1e4 --json",
    ),
    "prepare": (
        "unseen music prepare --out tunes.npz",
        "unseen music prepare my-melodies/ --out mine.npz --json",
    ),
    "train": (
        "unseen music train --out melody",
        "unseen music train --tunes mine.npz --bars 4 --seed 1 --out mine4",
    ),
    "analyse": (
        "unseen music analyse melody",
        "unseen music analyse melody --tunes mine.npz --top 40 --json",
        "unseen music analyse melody --out melody.html",
    ),
    "listen": (
        "unseen music listen melody --out listening",
        "unseen music listen melody --units 3 --wav --out listening",
    ),
    "traffic check": (
        "unseen traffic check counts.csv --zone Europe/Madrid --clock wall --country ES-MD",
        "unseen traffic check madrid.npz --map madrid.toml --json",
        "unseen traffic check flows.zip --zone Europe/Rome --clock utc --set sensor=id --set value=car,van",
    ),
    "traffic fit": (
        "unseen traffic fit madrid.npz --map madrid.toml --train 2017-01-01:2017-09-30 --out model",
        "unseen traffic fit counts.csv --zone Europe/Madrid --clock wall --country ES --minutes 15 --out m",
        "unseen traffic fit city --zone Europe/Madrid --model both --ray local --out model",
    ),
    "traffic evaluate": (
        "unseen traffic evaluate model madrid.npz --map madrid.toml --test 2017-10-01:2017-12-31",
    ),
    "xray evaluate": (
        "unseen xray evaluate model films.csv --out films.html",
        "unseen xray evaluate model others.csv --record clinic.json --json",
        "unseen xray evaluate model pneumoniamnist.npz --card card.json",
    ),
    "traffic forecast": (
        "unseen traffic forecast model madrid.npz --map madrid.toml --at 2017-11-06T08:00",
        "unseen traffic forecast model madrid.npz --map madrid.toml --cold 3500 --history 7d --json",
    ),
    "traffic simulate": (
        "unseen traffic simulate --sensors 3500 --days 365 --out city",
        "unseen traffic simulate --sensors 50 --days 60 --minutes 15 --holidays ES:MD --out town --json",
    ),
    "traffic convert": (
        "unseen traffic convert madrid.npz --map madrid.toml --out history",
        "unseen traffic convert history --zone Europe/Madrid --out long.csv",
    ),
    "traffic air": (
        "unseen traffic air",
        "unseen traffic air --panel sum-of-present --stations 'PORTA SAN FELICE'",
        "unseen traffic air flow.csv no2.csv --traffic-map flow.toml --air-map air.toml --given ozone.csv",
    ),
    "list": ("unseen recipe list",),
    "bench list": ("unseen bench list",),
    "few-label": (
        "unseen bench few-label --committed",
        "unseen bench few-label --quick --out quick",
        "unseen bench few-label --sets cardio,vowels --methods LR,CatBoost --ratios 0.01 --seeds 3",
        "unseen bench few-label --check-protocol",
    ),
    "one-class": (
        "unseen bench one-class --committed",
        "unseen bench one-class --quick --out quick",
        "unseen bench one-class --sets cardio,letter --methods kNN-5,LOF --seeds 3",
    ),
    "open-set": (
        "unseen bench open-set --committed --labels 10",
        "unseen bench open-set --quick --out quick",
        "unseen bench open-set --sets nsl_kdd,cicids2017 --labels 1,10 --variants clean,dirty --json",
    ),
    "run": ("unseen recipe run aware-flows --quick", "unseen recipe run aware-mnist --seeds 5 --json"),
}


def of(command: str) -> str:
    """Return the examples of a command, each in a paragraph of its own."""
    return "\n\n".join(["Examples:", *(f"$ {line}" for line in _LINES[command])])
