"""Runs the SAM transform on a template in JSON, from standard input, and prints what CloudFormation would get."""

import json
import logging
import os
import sys

# The translator asks boto3 for a region; nothing is sent anywhere.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

logging.disable(logging.WARNING)


class NoManagedPolicies:
    """Stands for the list of managed policies, which the translator would load from IAM."""

    def load(self):
        return {}


template = json.load(sys.stdin)
for resource in template["Resources"].values():
    if "CodeUri" in resource.get("Properties", {}):
        # As `sam deploy` does once it has uploaded the package.
        resource["Properties"]["CodeUri"] = "s3://bucket/package.zip"
try:
    # Refuses parameters without values; what they are makes no difference here.
    values = {
        name: parameter.get("Default", "SOMETHING") for name, parameter in template.get("Parameters", {}).items()
    }
    json.dump(transform(template, values, NoManagedPolicies()), sys.stdout)
except InvalidDocumentException as error:
    sys.exit("\n".join(cause.message for cause in error.causes))
