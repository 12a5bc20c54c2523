"""Where each stage finds what the stages before it made."""

import pathlib


class Layout:
    """The files of one demo run under one folder."""

    def __init__(self, out):
        self.out = pathlib.Path(out).resolve()
        self.input = self.out / "input"
        self.train_records = self.input / "train.record"
        self.held_out_records = self.input / "held_out.record"
        self.label_map = self.input / "label_map.pbtxt"
        self.config = self.input / "pipeline.config"
        self.train = self.out / "train"
        self.evaluation = self.out / "eval"
        self.export = self.out / "export"
        self.frozen_graph = self.export / "frozen_inference_graph.pb"
        self.saved_model = self.export / "saved_model"
        self.pictures = self.out / "pictures"
        self.loss_curve = self.pictures / "loss_curve.png"
        self.detections = self.pictures / "detections.png"
        self.logs = self.out / "logs"
        self.train_log = self.logs / "train.log"
        self.metrics = self.out / "metrics.json"
        self.counts = self.out / "counts.json"
        self.summary = self.out / "summary.json"
